import { Wheel } from "../../base/mod.ts";
import type { LatencyRecorder, Tally } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { ConnectionTable } from "./connection-table.ts";
import { DialQueue } from "./dial-queue.ts";
import type { Transport } from "./protocol.ts";
import type { Slice } from "./slice.ts";

/** Wait between a failed connect and its retry, where reconnecting is on. */
const RETRY_MS = 1000;
/** A retry may be this much later. */
const RETRY_GRAIN_MS = 10;

/** Opens the connections of one loop, each at its planned moment, and reopens them. */
export class Opener {
  readonly #plan: LoadPlan;
  readonly #slice: Slice;
  readonly #table: ConnectionTable;
  readonly #tally: Tally;
  readonly #queue: DialQueue;
  readonly #retries: Wheel;
  readonly #abort = new AbortController();
  readonly #recorder: LatencyRecorder;
  readonly #transport: Transport;
  readonly #onFailed: (slot: number) => void;
  readonly #now: () => number;
  /** 1 while the slot's connect is retried: its latency counts from the first attempt, as for a user who waits. */
  readonly #retrying: Uint8Array;
  /** Connects that were not a slot's first. */
  #redialled = 0;
  #underWay = 0;
  #unsettled: number;

  constructor(
    plan: LoadPlan,
    slice: Slice,
    table: ConnectionTable,
    tally: Tally,
    recorder: LatencyRecorder,
    transport: Transport,
    onFailed: (slot: number) => void,
    now: () => number,
  ) {
    this.#plan = plan;
    this.#slice = slice;
    this.#table = table;
    this.#tally = tally;
    this.#recorder = recorder;
    this.#transport = transport;
    this.#onFailed = onFailed;
    this.#now = now;
    this.#retrying = new Uint8Array(table.count);
    this.#unsettled = table.count;
    this.#retries = new Wheel(512, 1);
    // Workers take turns: with two at 1000 a second in all, one dials at 0, 2, 4 … ms and the other at 1, 3, 5 …
    const startMs = (slice.worker * 1000) / plan.connectRate;
    this.#queue = new DialQueue(table.count, plan.connectRate / slice.workers, startMs);
    for (let slot = 0; slot < table.count; slot++) this.#queue.push(slot, startMs);
  }

  /** Every slot's first connect has ended, well or not. */
  get rampedUp(): boolean {
    return this.#unsettled === 0;
  }

  /** No connect is under way or due. */
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

  /** Starts no more connects and aborts those under way. */
  stop(): void {
    this.#abort.abort();
  }

  /** The connection of this slot is open, or could not be opened. */
  settled(slot: number): void {
    this.#retrying[slot] = 0;
    if (this.#table.settled[slot] === 1) return;
    this.#table.settled[slot] = 1;
    this.#unsettled -= 1;
  }

  #dial(slot: number): void {
    if (this.#abort.signal.aborted) return;
    const { connections } = this.#plan;
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
    this.#transport.connect(slot, uid, this.#abort.signal).then(
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
    this.#tally.countFailure(this.#transport.causeOf(error));
    this.#onFailed(slot);
    if (!this.#plan.reconnect) return;
    this.#retrying[slot] = 1;
    this.#retries.arm(slot, Math.floor(this.#now()) + RETRY_MS);
  }
}
