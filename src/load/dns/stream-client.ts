import { afterTurn, type CloseReason, type Connection } from "../../net/mod.ts";
import { writeUint16 } from "../../wire/dns/mod.ts";
import { closeCause } from "../http/mod.ts";
import type { LoadConnection } from "../loop/mod.ts";
import { type DnsShared, QueryTracker, type SentQuery } from "./query-tracker.ts";

const LENGTH_BYTES = 2;
/** Queries of one turn of the event loop that leave in one write. */
const BLOCK_BYTES = 16_384;

/**
 * One client over TCP or TLS. A server may close its connection whenever it likes (RFC 7766 §6.2.3): queries that it has left
 * unanswered are then sent again on another connection.
 */
export class StreamClient implements LoadConnection {
  data: number;
  startedMs = performance.now();
  reachedMs = 0;
  /** A message counts as sent when it is given to its connection, and leaves at the end of the turn. */
  readonly queuedBytes = 0;
  readonly #shared: DnsShared;
  readonly #tracker: QueryTracker;
  readonly #block: Uint8Array;
  #blockBytes = 0;
  #socket!: Connection<StreamClient>;
  #isOver = false;
  readonly #flush = () => this.#send();

  constructor(slot: number, shared: DnsShared) {
    this.data = slot;
    this.#shared = shared;
    this.#tracker = new QueryTracker(this, shared, 1);
    const most = Math.min(BLOCK_BYTES, shared.mostOutstanding * (LENGTH_BYTES + shared.source.maxLengthBytes));
    this.#block = new Uint8Array(most);
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  // ---- called by the loop --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): number {
    if (this.#isOver) return 0;
    const at = this.#roomFor(bytes.length);
    for (let index = 2; index < bytes.length; index++) this.#block[at + index] = bytes[index]!;
    writeUint16(this.#block, at, this.#tracker.begin());
    return bytes.length;
  }

  writeAgain(message: object): boolean {
    if (this.#isOver) return false;
    const query = message as SentQuery;
    const { source, counts } = this.#shared;
    counts.resent += 1;
    const at = this.#roomFor(source.set.lengthOf(query.query));
    source.set.write(query.query, query.serial, this.#block, at);
    writeUint16(this.#block, at, this.#tracker.beginAgain(query));
    return true;
  }

  expire(): void {
    this.#tracker.expire(() => "timeout");
  }

  /** Every answer has come or is given up, so that nothing is lost. */
  end(): void {
    this.close();
  }

  close(): void {
    this.#shut("closed by us", "ended by us");
    this.#socket.close();
  }

  // ---- events of the socket ------------------------------------------------------------------------------------------

  opened(socket: Connection<StreamClient>): void {
    const { events } = this.#shared;
    this.#socket = socket;
    const nowMs = performance.now();
    events.took("tcp", this.reachedMs - this.startedMs);
    if (socket.negotiated !== undefined) events.took("tls", nowMs - this.reachedMs);
    events.open(this);
  }

  read(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#shared.events.came(this, LENGTH_BYTES + bytes.length);
    this.#tracker.read(bytes, 0, bytes.length);
  }

  closed(reason: CloseReason, cause: Error | undefined): void {
    if (this.#isOver) return;
    const why = closeCause(reason, cause);
    // No query may go to this connection while those of it are sent again.
    this.#shared.events.leaving(this);
    const isReturned = reason === "peer" && this.#tracker.returnAll();
    this.#shut(isReturned ? undefined : why, why);
  }

  /** @param reason of a loss; undefined = the server closed as it may; @param cause of what is unanswered */
  #shut(reason: string | undefined, cause: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tracker.end(cause);
    this.#shared.events.close(this, reason);
  }

  /** Writes the length of the next message. @returns where the message begins */
  #roomFor(length: number): number {
    if (this.#blockBytes + LENGTH_BYTES + length > this.#block.length) this.#send();
    const at = this.#blockBytes;
    if (at === 0) afterTurn(this.#flush);
    writeUint16(this.#block, at, length);
    this.#blockBytes = at + LENGTH_BYTES + length;
    return at + LENGTH_BYTES;
  }

  #send(): void {
    if (this.#blockBytes === 0) return;
    const block = this.#block.subarray(0, this.#blockBytes);
    this.#blockBytes = 0;
    if (!this.#isOver) this.#socket.write(block);
  }
}
