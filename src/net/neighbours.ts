import { type Neighbour, neighboursRequest, readNeighbourReply } from "../wire/mod.ts";
import { closeDescriptor, datagramSocket, sendBytes, takeBytes } from "./ffi.ts";

const AF_NETLINK = 16;
const MOST_BYTES = 64 * 1024;
/** Parts of a reply: some hundred neighbours each. */
const MAX_PARTS = 1000;

/**
 * Returns the machines that the kernel knows on its networks by IPv4 and IPv6, without a program or a file: `/proc/net/arp` has IPv4 alone.
 * The kernel replies before the call returns.
 *
 * @throws {SystemError}
 */
export function readNeighbours(): Neighbour[] {
  const found: Neighbour[] = [];
  const descriptor = datagramSocket(AF_NETLINK);
  try {
    sendBytes(descriptor, neighboursRequest());
    for (let part = 0; part < MAX_PARTS; part++) {
      const bytes = takeBytes(descriptor, MOST_BYTES);
      if (typeof bytes === "string" || bytes.length === 0 || readNeighbourReply(bytes, found)) break;
    }
    return found;
  } finally {
    closeDescriptor(descriptor);
  }
}
