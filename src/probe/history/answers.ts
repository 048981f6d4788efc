import type { Outcome } from "../health/mod.ts";

/** What one probe found. */
export interface Answer {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly result: Outcome["result"];
  readonly latencyMs: number | null;
  readonly reason: string | null;
}

/** The last answers of one service. */
export class Answers {
  readonly #most: number;
  readonly #ring: Answer[] = [];
  #next = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(outcome: Outcome, atMs: number): void {
    this.#ring[this.#next] = {
      atMs,
      result: outcome.result,
      latencyMs: outcome.facts.latencyMs ?? null,
      reason: "reason" in outcome ? outcome.reason : null,
    };
    this.#next = (this.#next + 1) % this.#most;
  }

  newestFirst(): Answer[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].reverse();
  }
}
