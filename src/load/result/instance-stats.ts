import { get } from "node:http";
import { get as getTls } from "node:https";
import type { ServerReport } from "../report.ts";

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
  readonly parts?: { readonly tcp?: { readonly listeners?: readonly Listener[] } };
  readonly process?: { readonly cpuSeconds?: number; readonly rssBytes?: number; readonly anonymousBytes?: number };
}

interface Listener {
  readonly port?: number;
  readonly counts?: {
    readonly active?: number;
    readonly peak?: number;
    readonly accepted?: number;
    readonly bytesRead?: number;
  };
}

const TIMEOUT_MS = 1000;
/** More than any box has to say. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Why an address has no counters to tell: nothing answers, something else does, or a box that does not listen on the port. */
export type NoSample = "silent" | "stranger" | "closed" | "elsewhere";

export interface LookOptions {
  readonly nowMs?: () => number;
  readonly timeoutMs?: number;
  /** Sent to the box. */
  readonly token?: string | undefined;
}

/**
 * The counters of the target's listener, or why there are none: the address does not answer in time (`silent`), is no tenk box
 * (`stranger`), wants a token (`closed`), or the box does not listen on this port (`elsewhere`). Never throws: a run does not
 * depend on it.
 */
export async function lookAtBox(
  url: string,
  port: number,
  { nowMs = () => performance.now(), timeoutMs = TIMEOUT_MS, token }: LookOptions = {},
): Promise<BoxSample | NoSample> {
  let answer: { readonly code: number; readonly text: string };
  try {
    answer = await fetchText(url, timeoutMs, token);
  } catch {
    return "silent";
  }
  if (answer.code === 401) return "closed";
  try {
    return sampleOf(JSON.parse(answer.text) as Status, port, nowMs()) ?? "elsewhere";
  } catch {
    return "stranger";
  }
}

/** @throws where it is no box's */
function sampleOf({ tenk, parts, process }: Status, port: number, atMs: number): BoxSample | undefined {
  if (typeof tenk !== "string" || parts === undefined) throw new Error("not a box");
  const counts = parts.tcp?.listeners?.find((listener) => listener.port === port)?.counts;
  return (
    counts && {
      atMs,
      active: counts.active ?? 0,
      peak: counts.peak ?? 0,
      accepted: counts.accepted ?? 0,
      bytesRead: counts.bytesRead ?? 0,
      cpuSeconds: process?.cpuSeconds ?? 0,
      rssBytes: process?.rssBytes ?? 0,
      anonymousBytes: process?.anonymousBytes ?? 0,
    }
  );
}

/** The same, where it does not matter why there are none. */
export async function readBox(url: string, port: number, token?: string): Promise<BoxSample | undefined> {
  const seen = await lookAtBox(url, port, { token });
  return typeof seen === "string" ? undefined : seen;
}

/** What was tried, as people read it. */
export function noSampleText(why: NoSample, url: string, port: number): string {
  const at = URL.canParse(url) ? new URL(url).host : url;
  if (why === "closed") return `the box at ${at} wants its token (TENK_TOKEN), so its counters were not read`;
  if (why === "elsewhere") return `the box at ${at} does not listen on port ${port}`;
  return why === "silent" ? `no box answers at ${at}` : `what answers at ${at} is no box`;
}

/** `node:http` and not `fetch`: the runtime's first fetch ends the process when no descriptor is left. */
function fetchText(url: string, timeoutMs: number, token: string | undefined): Promise<{ code: number; text: string }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const send = url.startsWith("https:") ? getTls : get;
  return new Promise((resolve, reject) => {
    const request = send(url, { timeout: timeoutMs, agent: false, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error("too long"));
      });
      response.on("end", () => resolve({ code: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    // `timeout` is the time without a byte; a trickling answer must end as well.
    const timer = setTimeout(() => request.destroy(new Error("timeout")), timeoutMs);
    request.on("close", () => clearTimeout(timer));
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", reject);
  });
}

/** Reads a box before, during and after a run. Every method does nothing where there is none. */
export class BoxWatch {
  readonly #url: string;
  readonly #port: number;
  readonly #token: string | undefined;
  #missing: NoSample | undefined;
  #before: BoxSample | undefined;
  #sendStart: BoxSample | undefined;
  #sendEnd: BoxSample | undefined;
  #fullest: BoxSample | undefined;
  #last: BoxSample | undefined;

  /** @param url "" where none is to be asked */
  constructor(url: string, port: number, token?: string) {
    this.#url = url;
    this.#port = port;
    this.#token = token;
  }

  get found(): boolean {
    return this.#before !== undefined;
  }

  async start(): Promise<void> {
    const seen = await lookAtBox(this.#url, this.#port, { token: this.#token });
    if (typeof seen === "string") this.#missing = seen;
    else this.#before = seen;
  }

  /** Why there is nothing to report, as people read it. */
  get note(): string {
    if (this.#missing !== undefined) return noSampleText(this.#missing, this.#url, this.#port);
    return this.found ? "the box stopped answering" : "no box was asked for its counters";
  }

  /** A second has passed. */
  async sample(): Promise<BoxSample | undefined> {
    if (!this.found) return undefined;
    const sample = await readBox(this.#url, this.#port, this.#token);
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
