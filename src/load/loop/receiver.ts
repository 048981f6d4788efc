import type { LatencyRecorder, Tally } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { ConnectionTable } from "./connection-table.ts";
import type { LoopProtocol } from "./protocol.ts";
import type { Sender } from "./sender.ts";

/** Counts what comes back and finds the answers in it. The transport bounds how fast it comes. */
export class Receiver {
  /** When something last came, in milliseconds of the run; 0 = nothing yet. */
  lastMs = 0;
  readonly #plan: LoadPlan;
  readonly #protocol: LoopProtocol;
  readonly #table: ConnectionTable;
  readonly #tally: Tally;
  readonly #recorder: LatencyRecorder;
  readonly #sender: Sender | undefined;

  constructor(
    plan: LoadPlan,
    protocol: LoopProtocol,
    table: ConnectionTable,
    tally: Tally,
    recorder: LatencyRecorder,
    sender: Sender | undefined,
  ) {
    this.#plan = plan;
    this.#protocol = protocol;
    this.#table = table;
    this.#tally = tally;
    this.#recorder = recorder;
    this.#sender = sender;
  }

  /** Bytes came in which the transport finds the answers. */
  came(bytes: number, now: number): void {
    this.#tally.bytesReceived += bytes;
    this.lastMs = now;
  }

  /**
   * A chunk came on this slot.
   *
   * @param sending answered requests are followed by new ones
   * @returns true when it holds the text that ends the run
   */
  received(slot: number, bytes: Uint8Array, now: number, sending: boolean): boolean {
    const { replies, stop } = this.#protocol;
    this.#tally.bytesReceived += bytes.length;
    this.lastMs = now;
    if (this.#table.hasReceived[slot] === 0 && this.#plan.traffic.reportsAnswers !== true) {
      this.#table.hasReceived[slot] = 1;
      this.#recorder.end("firstByte", this.#table.sinceMs[slot]!, now);
    }
    if (replies !== undefined && this.#sender !== undefined) {
      const count = replies.count(this.#table.replyState, slot * replies.intsPerConnection, bytes);
      for (let index = 0; index < count; index++) this.#sender.answered(slot, now);
      if (count > 0) this.sendNext(slot, now, sending);
    }
    return stop?.seen(this.#table.stopState, slot * stop.intsPerConnection, bytes) ?? false;
  }

  /**
   * Counts bytes on a connection that we have closed. Answers in them are unexpected: all requests were answered or given up.
   *
   * @param replyState of that connection; undefined where it never had a slot
   */
  receivedUnasked(replyState: Int32Array | undefined, bytes: Uint8Array): void {
    const { replies } = this.#protocol;
    this.#tally.bytesReceived += bytes.length;
    if (replies === undefined || replyState === undefined || !(this.#sender?.timesAnswers ?? false)) return;
    const count = replies.count(replyState, 0, bytes);
    this.#tally.received += count;
    this.#tally.unexpected += count;
  }

  /** Sends what waited for an answer that came on this slot. @param sending new messages may follow */
  sendNext(slot: number, now: number, sending: boolean): void {
    const sender = this.#sender;
    if (sender === undefined || this.#plan.pipeline === 0) return;
    sender.sendWaiting(slot, now);
    if (this.#plan.pace !== "as-fast-as-possible" || !sending || !this.#table.rotation.has(slot)) return;
    while (sender.sendFreely(slot, now) > 0);
  }
}
