import { messageOf, systemCodeOf, TenkError, Wheel } from "../../base/mod.ts";
import { type AddressOutcomes, Dialer, type Handler } from "../../net/mod.ts";
import type { LatencyRecorder, Tally } from "../measure/mod.ts";
import type { TcpPlan } from "../plan/mod.ts";
import type { ConnectionTable } from "./connection-table.ts";
import { DialQueue } from "./dial-queue.ts";

/** The part of a run that one event loop does. */
export interface Slice {
  readonly worker: number;
  readonly workers: number;
  /** Connections of this loop. */
  readonly connections: number;
  /** Before its first. Uids go on from here in steps of one, those of reopened connections beyond all others. */
  readonly firstConnection: number;
  /** The target's addresses, where it was a name. */
  readonly addresses: readonly string[] | undefined;
}

/**
 * Cuts a plan into one part for each worker.
 *
 * @example
 * slicesOf({ connections: 10, workers: 3 }).map(({ connections }) => connections); // [4, 3, 3]
 */
export function slicesOf(plan: Pick<TcpPlan, "connections" | "workers">, addresses?: readonly string[]): Slice[] {
  const { connections, workers } = plan;
  const startOf = (worker: number) => Math.ceil((connections * worker) / workers);
  return Array.from({ length: workers }, (_, worker) => ({
    worker,
    workers,
    connections: startOf(worker + 1) - startOf(worker),
    firstConnection: startOf(worker),
    addresses,
  }));
}

/** After a failed connect, before the next, where reconnecting is on. */
const RETRY_MS = 1000;
/** A retry may be so much later than that. */
const RETRY_GRAIN_MS = 10;

/** `failed` is called where a slot's connect failed. */
export type OpenerHandler = Handler<number> & { failed(slot: number): void };

/** Opens the connections of one loop, each at its planned moment, and reopens those that are to be. */
export class Opener {
  readonly dialer: Dialer<number>;
  readonly #plan: TcpPlan;
  readonly #slice: Slice;
  readonly #table: ConnectionTable;
  readonly #tally: Tally;
  readonly #queue: DialQueue;
  readonly #retries: Wheel;
  readonly #abort = new AbortController();
  readonly #recorder: LatencyRecorder;
  readonly #onFailed: (slot: number) => void;
  readonly #now: () => number;
  /** 1 while the slot's connect is tried again: a user would wait from the first try on. */
  readonly #retrying: Uint8Array;
  /** Connects that were not a slot's first. */
  #redialled = 0;
  #underWay = 0;
  #unsettled: number;

  constructor(
    plan: TcpPlan,
    slice: Slice,
    table: ConnectionTable,
    tally: Tally,
    recorder: LatencyRecorder,
    { failed, ...handler }: OpenerHandler,
    now: () => number,
  ) {
    this.#plan = plan;
    this.#slice = slice;
    this.#table = table;
    this.#tally = tally;
    this.#recorder = recorder;
    this.#onFailed = failed;
    this.#now = now;
    this.#retrying = new Uint8Array(table.count);
    this.#unsettled = table.count;
    this.#retries = new Wheel(512, 1);
    // Workers take turns: with two at 1000 a second in all, one dials at 0, 2, 4 … ms and the other at 1, 3, 5 …
    const startMs = (slice.worker * 1000) / plan.connectRate;
    this.#queue = new DialQueue(table.count, plan.connectRate / slice.workers, startMs);
    for (let slot = 0; slot < table.count; slot++) this.#queue.push(slot, startMs);
    this.dialer = new Dialer<number>(dialOptions(plan, slice), handler);
  }

  /** Every slot's first connect has ended, well or not. */
  get rampedUp(): boolean {
    return this.#unsettled === 0;
  }

  /** No connect is under way or will be. */
  get idle(): boolean {
    return this.#underWay === 0 && this.#queue.length === 0 && this.#retries.armed === 0;
  }

  /** Starts what is due, for at most about `untilMs`. */
  tick(nowMs: number, untilMs: number): void {
    if (this.#retries.armed > 0) this.#retries.advance(Math.floor(nowMs), (slot) => this.#queue.push(slot, nowMs));
    for (let slot = this.#queue.take(nowMs); slot >= 0; slot = this.#queue.take(nowMs)) {
      this.#dial(slot);
      if (this.#now() > untilMs) return;
    }
  }

  waitMs(nowMs: number): number {
    return Math.min(this.#retries.armed > 0 ? RETRY_GRAIN_MS : Number.POSITIVE_INFINITY, this.#queue.waitMs(nowMs));
  }

  /** Opens the slot again when its turn comes. */
  reopen(slot: number): void {
    this.#queue.push(slot, this.#now());
  }

  /** How connects ended at each address of a name; where the target is no name, there is nothing to tell. */
  readAddresses(): AddressOutcomes {
    return this.#slice.addresses === undefined ? {} : this.dialer.readAddresses();
  }

  /** No more connects; those under way are given up. */
  stop(): void {
    this.#abort.abort();
  }

  /** The handler's `open` was called for this slot. */
  settled(slot: number): void {
    this.#retrying[slot] = 0;
    if (this.#table.settled[slot] === 1) return;
    this.#table.settled[slot] = 1;
    this.#unsettled -= 1;
  }

  #dial(slot: number): void {
    if (this.#abort.signal.aborted) return;
    const { sourceAddresses, connections } = this.#plan;
    const { firstConnection, workers, worker } = this.#slice;
    const first = this.#table.settled[slot] === 0;
    const uid = first ? firstConnection + slot : connections + this.#redialled * workers + worker;
    if (!first) this.#redialled += 1;
    this.#table.uids[slot] = uid;
    if (this.#retrying[slot] === 0) {
      this.#table.sinceMs[slot] = this.#now();
      this.#recorder.begin("connect", this.#table.sinceMs[slot]!);
    }
    this.#underWay += 1;
    const { signal } = this.#abort;
    const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
    this.dialer
      .connect(localAddress === undefined ? { data: slot, signal } : { data: slot, signal, localAddress })
      .then(
        () => {
          this.#underWay -= 1;
        },
        (error: unknown) => this.#failed(slot, error),
      );
  }

  #failed(slot: number, error: unknown): void {
    this.#underWay -= 1;
    const isRetry = this.#retrying[slot] === 1;
    this.settled(slot);
    if (this.#abort.signal.aborted) {
      if (!isRetry) this.#recorder.forget("connect", this.#table.sinceMs[slot]!);
      return;
    }
    this.#tally.countFailure(causeOf(error));
    this.#onFailed(slot);
    if (!this.#plan.reconnect) return;
    this.#retrying[slot] = 1;
    this.#retries.arm(slot, Math.floor(this.#now()) + RETRY_MS);
  }
}

/** The phase a connect failed in, and why: what failures are counted by. */
function causeOf(error: unknown): string {
  if (!(error instanceof TenkError)) return `connect ${systemCodeOf(error) ?? "failed"}`;
  const { cause, code } = error as { cause?: { phase?: string; told?: string }; code: string };
  // A handshake has no errno; its own words are few enough to count by.
  if (code === "tls-failed") return `TLS handshake failed: ${messageOf(cause)}`;
  if (cause?.phase === "tls") return messageOf(cause);
  const system = systemCodeOf(cause) ?? code;
  return cause?.told === undefined || cause.phase !== undefined
    ? `connect ${system}`
    : `connect ${system}: ${cause.told}`;
}

function dialOptions(plan: TcpPlan, { addresses }: Slice): ConstructorParameters<typeof Dialer<number>>[0] {
  const { tls, host } = plan;
  return {
    ...(plan.path === undefined ? { host, port: plan.port ?? 0 } : { path: plan.path }),
    // Asked once, for all: ten thousand connects must measure the target and not the name servers.
    ...(addresses === undefined ? {} : { lookup: async () => addresses }),
    timeoutMs: plan.connectTimeoutMs,
    noDelay: plan.noDelay,
    receiveBufferBytes: plan.receiveBufferBytes,
    sendBufferBytes: plan.sendBufferBytes,
    // The sender keeps its own bound (`outboxBytes`). The library's would pause reading above its mark, and two sides
    // that both wait for the other to read wait for ever.
    outboxHighBytes: OUTBOX_BOUND_BYTES,
    outboxMaxBytes: OUTBOX_BOUND_BYTES,
    // What comes between our FIN and the peer's counts as well; who is to read slowly must not be made to read all at the end.
    halfOpen: plan.downstreamBytesPerSecond === undefined,
    // A peer that reads nothing is something to measure, not to hang up on.
    limits: {
      stallMs: 0,
      readBytesPerSecond: plan.downstreamBytesPerSecond ?? 0,
      // When a message may go is the sender's to say; a long one leaves no faster than that either.
      writeBytesPerSecond: plan.upstreamBytesPerSecond ?? 0,
    },
    ...(tls === false ? {} : { tls: { serverName: host, ...(tls === true ? {} : tls) } }),
  };
}

const OUTBOX_BOUND_BYTES = 2 ** 30;
