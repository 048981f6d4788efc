import { TenkError } from "../../base/mod.ts";
import type { Connection } from "../../net/mod.ts";
import { type ChunkSink, writeChunk, writeLastChunk } from "./chunk-frame.ts";
import type { TargetConnection } from "./connection.ts";
import type {
  RequestBlock,
  RequestFraming,
  ResponseEvents,
  ResponseFraming,
  TargetExchange,
  TargetFailure,
} from "./types.ts";

/** Held for a connection that is not there yet, before `full` asks the caller to wait. */
const HELD_HIGH_BYTES = 65_536;
/** The most that is held: as much as may wait for a connection that is there. */
const HELD_MAX_BYTES = 4 * 1024 * 1024;

/** What an exchange asks of the target that it was given to. */
export interface ExchangeOwner {
  /** It has given up; it is told of nothing any more. */
  aborted(exchange: Exchange): void;
  overflowed(exchange: Exchange): void;
}

/**
 * The request's side of an exchange: what the caller writes goes to the connection, or is held until there is one. It outlives
 * neither its answer nor its failure: then it is over, and all of its methods do nothing.
 */
export class Exchange implements TargetExchange, ChunkSink {
  readonly events: ResponseEvents;
  readonly isHead: boolean;
  readonly isUpgrade: boolean;
  readonly carriesChunks: boolean;
  bodyFraming: ResponseFraming = "none";
  bodyLength = 0;
  isReused = false;
  isOver = false;
  mayBeSilent = false;
  isWhole: boolean;
  isPaused = false;
  /** When a wait for a connection is over. */
  waitsUntilMs = 0;
  readonly #owner: ExchangeOwner;
  readonly #framing: RequestFraming;
  /** Bytes of the body that are still to come, where its length was given. */
  #left: number;
  #connection: TargetConnection | undefined;
  #held: Uint8Array[] | undefined;
  #heldBytes = 0;

  constructor(owner: ExchangeOwner, events: ResponseEvents, block: RequestBlock) {
    this.#owner = owner;
    this.events = events;
    this.isHead = block.isHead;
    this.isUpgrade = block.isUpgrade;
    this.carriesChunks = block.carriesChunks;
    this.isWhole = block.isWhole;
    this.#framing = block.framing;
    this.#left = block.framing === "length" ? block.bodyLength - block.bodyBytes : 0;
    checkBlock(block, this.#left);
  }

  get connection(): Connection<unknown> | undefined {
    return this.#connection?.socket;
  }

  get full(): boolean {
    return this.#connection?.isFull ?? this.#heldBytes > HELD_HIGH_BYTES;
  }

  write(bytes: Uint8Array): void {
    if (this.isOver) return;
    if (this.bodyFraming !== "tunnel") {
      if (this.isWhole) throw misused("it is complete already");
      if (this.#framing === "length") this.#spend(bytes.length);
      if (this.#framing === "chunked") {
        writeChunk(bytes, this);
        return;
      }
    }
    this.put(bytes);
  }

  end(trailers?: Uint8Array): void {
    if (this.isOver) return;
    if (this.bodyFraming === "tunnel") this.#connection?.finish();
    if (this.isWhole) return;
    if (this.#left > 0) throw misused(`${this.#left} bytes of its length are missing`);
    if (this.#framing === "chunked") writeLastChunk(trailers, this);
    this.isWhole = true;
    this.#connection?.requestSent();
  }

  pause(): void {
    if (this.isOver || this.isPaused) return;
    this.isPaused = true;
    this.#connection?.pause();
  }

  resume(): void {
    if (this.isOver || !this.isPaused) return;
    this.isPaused = false;
    this.#connection?.resume();
  }

  abort(): void {
    if (this.isOver) return;
    const connection = this.finish();
    connection?.abandon();
    this.#owner.aborted(this);
  }

  // ---- called by the target and the connection ----------------------------------------------------------------------

  /** Keeps a request that must wait, as its bytes were only lent. */
  hold(block: RequestBlock): void {
    this.#held = [new Uint8Array(block.bytes.subarray(block.from, block.to))];
    this.#heldBytes = block.to - block.from;
  }

  /**
   * Has a connection from now on, which took `block`, or takes what was held.
   *
   * @returns false when the connection turned out to be dead and took nothing
   */
  attach(connection: TargetConnection, block: RequestBlock | undefined): boolean {
    const first = block === undefined ? this.#held![0]! : block.bytes.subarray(block.from, block.to);
    if (!connection.write(first)) return false;
    this.#connection = connection;
    return true;
  }

  /** Sends the rest of what was held, behind its first part. */
  flush(): void {
    const held = this.#held;
    if (held === undefined) return;
    const wasFull = this.#heldBytes > HELD_HIGH_BYTES;
    this.#held = undefined;
    this.#heldBytes = 0;
    for (let at = 1; at < held.length && !this.isOver; at++) this.#connection?.write(held[at]!);
    if (wasFull && !this.isOver && !this.full) this.events.drain();
  }

  /** Ends it: no event comes any more. @returns the connection that it had */
  finish(): TargetConnection | undefined {
    const connection = this.#connection;
    this.isOver = true;
    this.#connection = undefined;
    this.#held = undefined;
    this.#heldBytes = 0;
    return connection;
  }

  fail(failure: TargetFailure): void {
    if (this.isOver) return;
    this.finish();
    this.events.failed(failure);
  }

  /** Sends bytes as they are. */
  put(bytes: Uint8Array): void {
    if (this.isOver) return;
    if (this.#connection !== undefined) {
      this.#connection.write(bytes);
      return;
    }
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > HELD_MAX_BYTES) this.#owner.overflowed(this);
    else this.#held?.push(new Uint8Array(bytes));
  }

  #spend(bytes: number): void {
    if (bytes > this.#left) throw misused(`${this.#left} bytes are left of its length, not ${bytes}`);
    this.#left -= bytes;
  }
}

/** @throws {TenkError} `invalid-option` for a block that says what cannot be */
function checkBlock({ framing, bodyBytes, isWhole, from, to }: RequestBlock, left: number): void {
  if (to - from > HELD_MAX_BYTES) throw misused("of more than 4 MiB the rest must follow by write");
  if (left < 0 || (isWhole && left > 0)) throw misused(`its length leaves ${left} bytes`);
  if (framing === "chunked" && (bodyBytes > 0 || isWhole)) throw misused("its chunks are written by write and end");
  if (framing === "none" && (bodyBytes > 0 || !isWhole)) throw misused("it has no body");
}

/** A byte too much or too few would be taken for the next request (RFC 9112 §11.2), so a caller's mistake must be loud. */
function misused(why: string): TenkError {
  return new TenkError("invalid-option", `Cannot write a request: ${why}`);
}
