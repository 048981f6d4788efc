import { Wheel } from "../base/mod.ts";
import type { Tally } from "./accounting.ts";
import type { Lanes } from "./lanes.ts";
import type { LatencyRecorder } from "./latency-recorder.ts";
import type { TcpPlan } from "./plan.ts";
import type { Protocol } from "./protocol.ts";
import type { Sender } from "./sender.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** Reads what comes back: counts it, finds the answers in it, and slows reading down where that is asked for. */
export class Receiver {
  /** When something last came, in milliseconds of the run; 0 = nothing yet. */
  lastMs = 0;
  readonly #plan: TcpPlan;
  readonly #protocol: Protocol;
  readonly #lanes: Lanes;
  readonly #tally: Tally;
  readonly #recorder: LatencyRecorder;
  readonly #sender: Sender | undefined;
  readonly #downstream: TokenBuckets | undefined;
  readonly #resumptions = new Wheel(512, 1);
  readonly #resume = (lane: number) => this.#lanes.connections[lane]?.resume();

  constructor(
    plan: TcpPlan,
    protocol: Protocol,
    lanes: Lanes,
    tally: Tally,
    recorder: LatencyRecorder,
    sender: Sender | undefined,
  ) {
    this.#plan = plan;
    this.#protocol = protocol;
    this.#lanes = lanes;
    this.#tally = tally;
    this.#recorder = recorder;
    this.#sender = sender;
    const { downstreamBytesPerSecond } = plan;
    if (downstreamBytesPerSecond !== undefined) {
      this.#downstream = new TokenBuckets(lanes.count, downstreamBytesPerSecond);
    }
  }

  /** The lane has a new connection. */
  joined(lane: number, now: number): void {
    this.#downstream?.reset(lane, now);
    if (this.#plan.downstreamBytesPerSecond === 0) this.#lanes.connections[lane]?.pause();
  }

  left(lane: number): void {
    this.#resumptions.disarm(lane);
  }

  /** Lets those read on whose bandwidth allows it again. */
  tick(now: number): void {
    if (this.#resumptions.armed > 0) this.#resumptions.advance(Math.floor(now), this.#resume);
  }

  /**
   * A chunk came on this lane.
   *
   * @param sending answered requests are followed by new ones
   * @returns true when it holds the text that ends the run
   */
  received(lane: number, bytes: Uint8Array, now: number, sending: boolean): boolean {
    const { replies, stop } = this.#protocol;
    this.#tally.bytesReceived += bytes.length;
    this.lastMs = now;
    if (this.#lanes.heard[lane] === 0) {
      this.#lanes.heard[lane] = 1;
      this.#recorder.end("firstByte", this.#lanes.sinceMs[lane]!, now);
    }
    if (replies !== undefined && this.#sender !== undefined) {
      const count = replies.count(this.#lanes.replyState, lane * replies.slotsPerConnection, bytes);
      for (let index = 0; index < count; index++) this.#sender.answered(lane, now);
      if (count > 0 && this.#plan.pipeline > 0) this.#nextRequests(this.#sender, lane, now, sending);
    }
    if (this.#downstream !== undefined) this.#slowDown(this.#downstream, lane, bytes.length, now);
    return stop?.seen(this.#lanes.stopState, lane * stop.slotsPerConnection, bytes) ?? false;
  }

  #nextRequests(sender: Sender, lane: number, now: number, sending: boolean): void {
    sender.sendWaiting(lane, now);
    if (this.#plan.pace !== "as-fast-as-possible" || !sending || !this.#lanes.rotation.has(lane)) return;
    while (sender.sendFreely(lane, now) > 0);
  }

  #slowDown(downstream: TokenBuckets, lane: number, bytes: number, now: number): void {
    downstream.mayPass(lane, now);
    downstream.spend(lane, bytes);
    const waitMs = downstream.waitMs(lane);
    if (waitMs < 1) return;
    this.#lanes.connections[lane]?.pause();
    if (Number.isFinite(waitMs)) this.#resumptions.arm(lane, Math.ceil(now + waitMs));
  }
}
