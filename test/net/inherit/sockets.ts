import {
  AF_INET,
  bindSocket,
  closeDescriptor,
  datagramSocket,
  portOf,
  SOCK_STREAM,
  setBacklog,
  socketOf,
} from "../../../src/net/ffi.ts";
import { internetAddress } from "../../../src/net/socket-address.ts";

/** A socket that a service manager keeps, whatever its service does. */
export interface KeptSocket extends Disposable {
  readonly descriptor: number;
  readonly port: number;
}

/** @param port 0 = any free one */
export function keptSocket(kind: "tcp" | "udp", port = 0): KeptSocket {
  const descriptor = kind === "tcp" ? socketOf(AF_INET, SOCK_STREAM, 0) : datagramSocket(AF_INET);
  bindSocket(descriptor, internetAddress("127.0.0.1", port));
  if (kind === "tcp") setBacklog(descriptor, 128);
  return { descriptor, port: portOf(descriptor), [Symbol.dispose]: () => closeDescriptor(descriptor) };
}
