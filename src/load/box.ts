import { get } from "node:http";
import type { ServerReport } from "./report.ts";

/** What is read of a box's `/api/status`. */
export interface BoxSample {
  readonly atMs: number;
  readonly active: number;
  readonly peak: number;
  readonly accepted: number;
  readonly bytesRead: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly anonymousBytes: number;
}

/** What `/api/status` answers, as far as it is read here; anything may be missing. */
interface Status {
  readonly tenk?: unknown;
  readonly listeners?: readonly {
    readonly port?: number;
    readonly counts?: {
      readonly active?: number;
      readonly peak?: number;
      readonly accepted?: number;
      readonly bytesRead?: number;
    };
  }[];
  readonly process?: { readonly cpuSeconds?: number; readonly rssBytes?: number; readonly anonymousBytes?: number };
}

const TIMEOUT_MS = 1000;
/** More than any box has to say. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The counters of the target's listener, or undefined where the address does not answer in time, is no tenk box, or the box
 * does not listen on this port. Never throws: a run does not depend on it.
 */
export async function readBox(
  url: string,
  port: number,
  nowMs: () => number = () => performance.now(),
): Promise<BoxSample | undefined> {
  try {
    const status = JSON.parse(await fetchText(url)) as Status;
    const counts = status.listeners?.find((listener) => listener.port === port)?.counts;
    if (typeof status.tenk !== "string" || counts === undefined) return undefined;
    const { cpuSeconds = 0, rssBytes, anonymousBytes } = status.process ?? {};
    return {
      atMs: nowMs(),
      active: counts.active ?? 0,
      peak: counts.peak ?? 0,
      accepted: counts.accepted ?? 0,
      bytesRead: counts.bytesRead ?? 0,
      cpuSeconds,
      rssBytes: rssBytes ?? 0,
      anonymousBytes: anonymousBytes ?? 0,
    };
  } catch {
    return undefined;
  }
}

/** `node:http` and not `fetch`: the runtime's first fetch ends the process when no descriptor is left. */
function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { timeout: TIMEOUT_MS, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error("too long"));
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    // `timeout` is the time without a byte; a trickling answer must end as well.
    const timer = setTimeout(() => request.destroy(new Error("timeout")), TIMEOUT_MS);
    request.on("close", () => clearTimeout(timer));
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", reject);
  });
}

/** Reads a box before, during and after a run. Every method does nothing where there is none. */
export class BoxWatch {
  readonly #read: () => Promise<BoxSample | undefined>;
  #before: BoxSample | undefined;
  #sendStart: BoxSample | undefined;
  #sendEnd: BoxSample | undefined;
  #fullest: BoxSample | undefined;
  #last: BoxSample | undefined;

  constructor(url: string, port: number) {
    this.#read = () => readBox(url, port);
  }

  get found(): boolean {
    return this.#before !== undefined;
  }

  async start(): Promise<void> {
    this.#before = await this.#read();
  }

  /** A second has passed. */
  async sample(): Promise<BoxSample | undefined> {
    if (!this.found) return undefined;
    const sample = await this.#read();
    if (sample === undefined) return undefined;
    if (this.#fullest === undefined || sample.active >= this.#fullest.active) this.#fullest = sample;
    this.#last = sample;
    return sample;
  }

  async sendingBegins(): Promise<void> {
    this.#sendStart = await this.sample();
  }

  async sendingEnds(): Promise<void> {
    this.#sendEnd = await this.sample();
  }

  /** Asks until the box has read as many bytes as were sent, or reads no more: at most for a second. */
  async settle(bytesSent: number): Promise<void> {
    for (let tries = 0; tries < 10 && this.found; tries++) {
      const before = this.#last?.bytesRead;
      const sample = await this.sample();
      if (sample === undefined || this.#received(sample) >= bytesSent) return;
      if (tries > 2 && sample.bytesRead === before) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** @param messages sent, with how many bytes they had in all and, where all are alike, each; and the first ones' bytes */
  report({
    firstBytes,
    ...messages
  }: {
    sent: number;
    bytes: number;
    firstBytes: number;
    lengthBytes: number | undefined;
  }): ServerReport | null {
    const [before, last, fullest] = [this.#before, this.#last, this.#fullest];
    if (before === undefined || last === undefined || fullest === undefined) return null;
    const bytesReceived = this.#received(last);
    const connectionsPeak = last.peak > before.peak ? last.peak - before.active : fullest.active - before.active;
    const grown = Math.max(0, fullest.anonymousBytes - before.anonymousBytes);
    return {
      received: messagesIn(Math.max(0, bytesReceived - firstBytes), messages),
      bytesReceived,
      connectionsPeak,
      cpuPercent: this.#cpuPercent(),
      rssBytes: fullest.rssBytes,
      userBytesPerConnection: connectionsPeak > 0 ? Math.round(grown / connectionsPeak) : 0,
    };
  }

  #received(sample: BoxSample): number {
    return sample.bytesRead - (this.#before?.bytesRead ?? 0);
  }

  #cpuPercent(): number {
    const [from, to] = [this.#sendStart ?? this.#before, this.#sendEnd ?? this.#last];
    if (from === undefined || to === undefined || to.atMs <= from.atMs) return 0;
    return ((to.cpuSeconds - from.cpuSeconds) * 100_000) / (to.atMs - from.atMs);
  }
}

/**
 * How many messages so many bytes are. Exact where all have one length, or where every byte arrived; else in proportion.
 *
 * @example
 * messagesIn(30, { sent: 10, bytes: 40, lengthBytes: 4 }); // 7
 */
export function messagesIn(
  bytesReceived: number,
  { sent, bytes, lengthBytes }: { sent: number; bytes: number; lengthBytes: number | undefined },
): number {
  if (bytesReceived === bytes) return sent;
  if (lengthBytes !== undefined && lengthBytes > 0) return Math.floor(bytesReceived / lengthBytes);
  return bytes > 0 ? Math.floor((sent * bytesReceived) / bytes) : 0;
}
