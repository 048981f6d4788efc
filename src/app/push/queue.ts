import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../base/mod.ts";
import { VERSION } from "../version.ts";
import type { PushTarget } from "./target.ts";

/** The body of a request. */
export interface Batch {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly samples: number;
}

/** Counts of samples, by what became of them. */
export interface PushTally {
  /** Accepted by the receiver. */
  sent: number;
  /** Rejected by the receiver, and not sent again. */
  refused: number;
  /** Given up, because the receiver did not answer for too long. */
  dropped: number;
}

export interface PushQueueOptions {
  /** Requests that may wait. @default {60}, ten minutes of one every ten seconds */
  readonly maxBatches?: number;
  /** Bytes that may wait. @default {8 MiB} */
  readonly maxBytes?: number;
  /** The first wait after a failure, in milliseconds; each that follows is twice as long. @default {1000} */
  readonly minBackoffMs?: number;
  /** @default {30000} */
  readonly maxBackoffMs?: number;
  /** How long one request may take, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
  /** From 0 to 1, so that many instances do not retry at the same time. @default Math.random */
  readonly random?: () => number;
  /** Called with each failure, and with undefined at the first success after one. */
  readonly onOutcome?: (failure: string | undefined) => void;
}

/** Bytes read of an error response; a line of them is logged. */
const MAX_ERROR_BYTES = 1024;

type Outcome =
  | { readonly kind: "sent" }
  | { readonly kind: "refused"; readonly why: string }
  /** `wait`: the least that the receiver asks for, in milliseconds. */
  | { readonly kind: "again"; readonly why: string; readonly wait: number };

/**
 * Sends batches in order, one at a time, since Prometheus accepts no sample older than the last. A batch is retried with growing
 * waits while the receiver is down or busy (5xx, 429), and given up when it is rejected (other 4xx). The queue is bounded: the
 * oldest batch is dropped first.
 */
export class PushQueue {
  readonly tally: PushTally = { sent: 0, refused: 0, dropped: 0 };
  readonly #target: PushTarget;
  readonly #options: Required<PushQueueOptions>;
  readonly #waiting: Batch[] = [];
  readonly #closed = new AbortController();
  #bytes = 0;
  #failures = 0;
  #sending: Promise<void> | undefined;

  constructor(target: PushTarget, options: PushQueueOptions = {}) {
    this.#target = target;
    this.#options = {
      maxBatches: 60,
      maxBytes: 8 << 20,
      minBackoffMs: 1000,
      maxBackoffMs: 30_000,
      timeoutMs: 10_000,
      random: Math.random,
      onOutcome: () => undefined,
      ...options,
    };
  }

  add(batch: Batch): void {
    this.#waiting.push(batch);
    this.#bytes += batch.body.length;
    this.#makeRoom();
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when the queue is empty, or after `graceMs`; batches that still wait are dropped. */
  async close(graceMs: number): Promise<PushTally> {
    const timer = setTimeout(() => this.#closed.abort(), graceMs);
    await this.#sending;
    clearTimeout(timer);
    this.#closed.abort();
    while (this.#waiting.length > 0) this.tally.dropped += this.#take().samples;
    return this.tally;
  }

  #makeRoom(): void {
    const { maxBatches, maxBytes } = this.#options;
    while (this.#waiting.length > 1 && (this.#waiting.length > maxBatches || this.#bytes > maxBytes)) {
      this.tally.dropped += this.#take().samples;
    }
  }

  #take(): Batch {
    const batch = this.#waiting.shift()!;
    this.#bytes -= batch.body.length;
    return batch;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#closed.signal.aborted) await this.#sendNext();
    this.#sending = undefined;
  }

  async #sendNext(): Promise<void> {
    const batch = this.#take();
    const outcome = await this.#post(batch.body);
    if (outcome.kind === "again" && !this.#closed.signal.aborted) {
      // It is the oldest again, and is dropped when the queue has filled meanwhile.
      this.#waiting.unshift(batch);
      this.#bytes += batch.body.length;
      this.#makeRoom();
      await this.#backOff(outcome.why, outcome.wait);
      return;
    }
    this.tally[outcome.kind === "again" ? "dropped" : outcome.kind] += batch.samples;
    if (outcome.kind === "sent") {
      if (this.#failures > 0) this.#options.onOutcome(undefined);
      this.#failures = 0;
    } else {
      this.#failures += 1;
      this.#options.onOutcome(outcome.why);
    }
  }

  async #post(body: Uint8Array<ArrayBuffer>): Promise<Outcome> {
    const { url, authorization } = this.#target;
    const headers: Record<string, string> = {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "user-agent": `tenk/${VERSION}`,
      "x-prometheus-remote-write-version": "0.1.0",
      ...(authorization === undefined ? {} : { authorization }),
    };
    try {
      const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(this.#options.timeoutMs)]);
      const response = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal });
      return await outcomeOf(response);
    } catch (error) {
      return { kind: "again", why: messageOf(error), wait: 0 };
    }
  }

  async #backOff(why: string, askedMs: number): Promise<void> {
    const { minBackoffMs, maxBackoffMs, random, onOutcome } = this.#options;
    const doubledMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    onOutcome(why);
    const waitMs = Math.max(doubledMs * (0.5 + random() / 2), Math.min(askedMs, maxBackoffMs));
    // Rejects when the queue is closed.
    await sleep(waitMs, undefined, { signal: this.#closed.signal }).catch(() => undefined);
  }
}

async function outcomeOf(response: Response): Promise<Outcome> {
  const { status } = response;
  if (status >= 200 && status < 300) {
    await response.body?.cancel();
    return { kind: "sent" };
  }
  // The receiver's text goes into our log: one line of printable characters.
  const text = (await startOf(response))
    .slice(0, 200)
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim();
  const why = `${status}${text === "" ? "" : ` ${text}`}`;
  if (status !== 429 && status < 500) return { kind: "refused", why };
  const seconds = Number(response.headers.get("retry-after") ?? 0);
  return { kind: "again", why, wait: Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : 0 };
}

/** Reads the start of a response, whose length is not known. */
async function startOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the rest.
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    parts.push(part);
    length += part.length;
    if (length >= MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(parts).toString("utf8", 0, MAX_ERROR_BYTES);
}
