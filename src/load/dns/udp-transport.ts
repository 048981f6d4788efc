import { systemCodeOf } from "../../base/mod.ts";
import { ClientSockets, type DatagramBatch } from "../../net/mod.ts";
import { writeUint16 } from "../../wire/dns/mod.ts";
import type { LoadConnection, Slice, Transport } from "../loop/mod.ts";
import type { DnsPlan } from "./plan.ts";
import { type DnsShared, QueryTracker, type Retry } from "./query-tracker.ts";

/** Datagrams of one system call, at most. */
const BATCH = 32;

/** Opens a socket with a port of its own for each client; one wait reads all of them. */
export function udpTransport(plan: DnsPlan, slice: Slice, shared: DnsShared, retry: Retry | undefined): Transport {
  const clients: (UdpClient | undefined)[] = [];
  const sent = { bytes: 0 };
  const sockets = new ClientSockets(
    {
      received: (socket, batch, count) => clients[socket]?.received(batch, count),
      failed: (socket, code) => clients[socket]?.noteFailure(code),
    },
    { batchSize: Math.min(BATCH, plan.pipeline), outBytes: shared.source.maxLengthBytes },
  );
  const { sourceAddresses, receiveBufferBytes, sendBufferBytes } = plan;
  const options = {
    host: slice.addresses?.[0] ?? plan.host,
    port: plan.port ?? 0,
    receiveBufferBytes,
    sendBufferBytes,
  };
  return {
    async connect(slot, uid) {
      const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
      const socket = sockets.open({ ...options, localAddress });
      const client = new UdpClient(slot, sockets, socket, shared, sent, retry);
      clients[socket] = client;
      shared.events.open(client);
    },
    wait: (ms) => sockets.wait(ms),
    causeOf: (error) => `socket ${systemCodeOf(error) ?? "failed"}`,
    readBytesSent: () => sent.bytes,
    readAddresses: () => ({}),
  };
}

/** One client: a connected socket, and the queries that await their answers on it. */
class UdpClient implements LoadConnection {
  data: number;
  readonly queuedBytes = 0;
  bytesWritten = 0;
  readonly #sockets: ClientSockets;
  readonly #socket: number;
  readonly #shared: DnsShared;
  readonly #sent: { bytes: number };
  readonly #tracker: QueryTracker;
  /** Failures so far, and the code of the last: whoever waits in vain since before it has it as the cause. */
  #failures = 0;
  #lastFailure = "";
  #isOpen = true;
  readonly #causeOf = (failuresBefore: number) => (this.#failures > failuresBefore ? this.#lastFailure : "timeout");

  constructor(
    slot: number,
    sockets: ClientSockets,
    socket: number,
    shared: DnsShared,
    sent: { bytes: number },
    retry: Retry | undefined,
  ) {
    this.data = slot;
    this.#sockets = sockets;
    this.#socket = socket;
    this.#shared = shared;
    this.#sent = sent;
    this.#tracker = new QueryTracker(this, shared, 1, retry);
  }

  write(bytes: Uint8Array): number {
    if (!this.#isOpen) return 0;
    const out = this.#sockets.room(this.#socket).bytes;
    const at = this.#sockets.placeOf(this.#socket);
    for (let index = 2; index < bytes.length; index++) out[at + index] = bytes[index]!;
    writeUint16(out, at, this.#tracker.begin(this.#failures));
    this.#sockets.queue(this.#socket, bytes.length);
    this.bytesWritten += bytes.length;
    this.#sent.bytes += bytes.length;
    return bytes.length;
  }

  received(batch: DatagramBatch, count: number): void {
    const { events } = this.#shared;
    let bytes = 0;
    for (let index = 0; index < count; index++) bytes += batch.length(index);
    events.came(this, bytes);
    for (let index = 0; index < count && this.#isOpen; index++) {
      const from = index * batch.stride;
      this.#tracker.read(batch.bytes, from, from + batch.length(index));
    }
  }

  noteFailure(code: string): void {
    this.#failures += 1;
    this.#lastFailure = code;
  }

  expire(): void {
    this.#tracker.expire(this.#causeOf);
  }

  /** Every answer has come or is given up, so that nothing is lost. */
  end(): void {
    this.close();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#tracker.end("ended by us");
    this.#sockets.close(this.#socket);
    this.#shared.events.close(this, "closed by us");
  }
}
