import type { Tally } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { ConnectionTable } from "./connection-table.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { LoadConnection, TransportEvents } from "./protocol.ts";
import type { Sender } from "./sender.ts";

/** How often answers are looked for that are too late. */
const EXPIRY_MS = 50;

/** Handles what a transport tells of answers that it has found itself, and bounds how long they may take. */
export class ToldAnswers implements Pick<TransportEvents, "began" | "answered" | "failed" | "returned"> {
  readonly #table: ConnectionTable;
  readonly #tally: Tally;
  readonly #sender: Sender | undefined;
  readonly #dispatcher: Dispatcher | undefined;
  readonly #now: () => number;
  readonly #readMs: () => number;
  readonly #timeoutMs: number;
  readonly #isQueued: boolean;
  #nextExpiryMs = 0;

  /** @param readMs when bytes last came: answers are told of while they are read, and the clock need not be asked again */
  constructor(
    plan: LoadPlan,
    table: ConnectionTable,
    tally: Tally,
    sender: Sender | undefined,
    dispatcher: Dispatcher | undefined,
    now: () => number,
    readMs: () => number,
  ) {
    this.#table = table;
    this.#tally = tally;
    this.#sender = sender;
    this.#dispatcher = dispatcher;
    this.#now = now;
    this.#readMs = readMs;
    this.#timeoutMs = plan.answerTimeoutMs;
    this.#isQueued = plan.traffic.isQueued ?? false;
  }

  began({ data: slot }: LoadConnection, position: number): void {
    if (slot >= 0) this.#sender?.began(slot, position, this.#readMs());
  }

  answered({ data: slot }: LoadConnection, position: number, isLast = false): number {
    if (slot < 0) return -1;
    const now = this.#readMs();
    const servedUs = this.#sender?.answered(slot, now, position) ?? -1;
    // Where nothing is sent, the server's own messages are what the run is about.
    if (this.#sender === undefined) this.#tally.received += 1;
    if (!isLast) this.freed(slot, now);
    return servedUs;
  }

  failed({ data: slot }: LoadConnection, position: number): void {
    if (slot < 0) return;
    this.#sender?.failed(slot, position);
    this.freed(slot, this.#now());
  }

  returned({ data: slot }: LoadConnection, position: number, message: object): boolean {
    if (slot < 0 || !this.#isQueued || this.#sender === undefined) return false;
    const now = this.#now();
    this.#sender.takeBack(slot, position, now, message);
    this.freed(slot, now);
    return true;
  }

  /** The slot has a connection that can take a message. */
  freed(slot: number, now: number): void {
    if (this.#isQueued) this.#dispatcher?.freed(slot, now);
  }

  tick(now: number): void {
    if (this.#timeoutMs === 0 || now < this.#nextExpiryMs) return;
    this.#nextExpiryMs = now + EXPIRY_MS;
    const { connections } = this.#table;
    this.#sender?.eachOverdue(this.#table.count, this.#timeoutMs, now, (slot) => connections[slot]?.expire?.());
  }
}
