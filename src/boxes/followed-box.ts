import { type Log, messageOf } from "../base/mod.ts";
import { request } from "../http/mod.ts";
import type { ClientTlsOptions } from "../net/mod.ts";
import type { Condition, Problem } from "../part/mod.ts";
import { type BoxAnswer, readAnswer } from "./answer.ts";

export interface FollowedBoxOptions {
  readonly name: string;
  /** Of its dashboard; ends with `/`. */
  readonly url: string;
  readonly token: string | undefined;
  readonly intervalMs: number;
  readonly tls: ClientTlsOptions;
  readonly log: Log;
  readonly nowMs?: () => number;
  /** @default {1 MiB} */
  readonly maxBytes?: number;
  /** @default {5000} */
  readonly timeoutMs?: number;
}

export type BoxState = "pending" | "up" | "unknown";

/** So often in a row it must not answer before it is unknown. */
const FAILURES = 3;
/** Longest time between two requests to a box that does not answer, unless its interval is longer. */
const MAX_WAIT_MS = 60_000;
const DEFAULTS = { nowMs: Date.now, maxBytes: 1024 * 1024, timeoutMs: 5000 };

/**
 * Asks another box for its status again and again, one request at a time. A box that does not answer is asked less often, and what it
 * last said is kept: nothing more is known of its services, which is not to say that they are down.
 */
export class FollowedBox {
  readonly name: string;
  readonly url: string;
  state: BoxState = "pending";
  /** Since when, in milliseconds since 1970. */
  sinceMs: number;
  /** Why it is not up; undefined while it is. */
  reason: string | undefined;
  /** The last one. */
  answer: BoxAnswer | undefined;
  answeredMs: number | undefined;
  readonly counts = { answered: 0, failed: 0 };
  readonly #options: Required<FollowedBoxOptions>;
  readonly #stopping = new AbortController();
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: FollowedBoxOptions) {
    this.name = options.name;
    this.url = options.url;
    this.#options = { ...DEFAULTS, ...options };
    this.sinceMs = this.#options.nowMs();
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  /** Returns what is to be watched of the box itself. */
  condition(): Condition {
    return {
      key: this.#key,
      severity: "critical",
      subject: `box ${this.name}`,
      state: "away",
      reason: this.reason ?? "",
      isOver: this.state === "unknown",
    };
  }

  /**
   * Returns its problems under its name. Those that it has of other boxes are left out: two boxes may follow each other. While it does
   * not answer they are behind that: nothing new is known of them.
   */
  problems(): Problem[] {
    const isAway = this.state === "unknown";
    return (this.answer?.problems ?? []).flatMap((problem) => {
      if (problem.key.startsWith("boxes/")) return [];
      const behind = isAway ? this.#key : problem.behind && `${this.#key}/${problem.behind}`;
      return [
        {
          ...problem,
          key: `${this.#key}/${problem.key}`,
          subject: `${this.name}: ${problem.subject}`,
          state: isAway ? "unknown" : problem.state,
          ...(behind !== undefined && { behind }),
        },
      ];
    });
  }

  /** Returns the keys of problems of which nothing is known yet: all of its own until it answers, then those that it says. */
  undecided(): string[] {
    const own = (this.answer?.undecided ?? ["*"]).map((key) => `${this.#key}/${key}`);
    return this.state === "pending" ? [this.#key, ...own] : own;
  }

  get #key(): string {
    return `boxes/${this.name}`;
  }

  async #ask(): Promise<void> {
    const result = await this.#request();
    if (this.#stopping.signal.aborted) return;
    if (typeof result === "string") this.#failed(result);
    else this.#answered(result);
    const { intervalMs } = this.#options;
    const doublings = Math.min(10, Math.max(0, this.#failures - FAILURES));
    const waitMs = Math.min(intervalMs * 2 ** doublings, Math.max(intervalMs, MAX_WAIT_MS));
    this.#timer = setTimeout(() => void this.#ask(), waitMs);
    this.#timer.unref();
  }

  /** Returns its answer, or why there is none. A redirect is no answer, so that the token goes nowhere else. */
  async #request(): Promise<BoxAnswer | string> {
    const { url, token, tls, maxBytes, timeoutMs } = this.#options;
    const fields = { accept: "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    try {
      const { status, body } = await request(new URL("api/status", url).href, {
        ...(url.startsWith("https:") && { tls }),
        ...{ fields, timeoutMs, maxBodyBytes: maxBytes, signal: this.#stopping.signal },
      });
      if (status !== 200) return refusal(status, token !== undefined);
      return readAnswer(JSON.parse(new TextDecoder().decode(body))) ?? NO_STATUS;
    } catch (error) {
      return error instanceof SyntaxError ? NO_STATUS : messageOf(error);
    }
  }

  #answered(answer: BoxAnswer): void {
    this.answer = answer;
    this.answeredMs = this.#options.nowMs();
    this.counts.answered += 1;
    this.#failures = 0;
    this.#enter("up", undefined);
  }

  #failed(reason: string): void {
    this.counts.failed += 1;
    this.#failures += 1;
    if (this.state === "unknown") this.reason = reason;
    if (this.#failures >= FAILURES) this.#enter("unknown", reason);
  }

  #enter(state: BoxState, reason: string | undefined): void {
    if (state === this.state) return;
    const from = this.state;
    this.state = state;
    this.reason = reason;
    this.sinceMs = this.#options.nowMs();
    const fields = { box: this.name, url: this.url, ...(reason !== undefined && { reason }) };
    if (state === "unknown") this.#options.log.warn("box does not answer", fields);
    else this.#options.log.info(from === "pending" ? "box answers" : "box answers again", fields);
  }
}

const NO_STATUS = "it does not answer as tenk does: expected the address of a dashboard";

function refusal(status: number, hasToken: boolean): string {
  if (status === 401)
    return hasToken
      ? "it does not accept the token: print its own with tenk token --read-only there"
      : "it wants a token: print one with tenk token --read-only there, and name it as boxes.NAME.tokenFile";
  if (status === 421) return "it does not know itself by this name: add the name to its dashboard.names";
  if (status >= 300 && status < 400) return `it redirects (status ${status}): name the address where its dashboard is`;
  return `it answers with status ${status}`;
}
