import { get } from "node:http";
import { get as getTls } from "node:https";
import type { ServerReport } from "../report.ts";

/** What is read of an instance's `/api/status`. */
export interface InstanceSample {
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
/** Longer than the status of any instance. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Why no counters were read: nothing answers in time (`silent`), another program answers (`not-tenk`), a token is required
 * (`unauthorized`), or the instance does not listen on the port (`other-port`).
 */
export type StatsProblem = "silent" | "not-tenk" | "unauthorized" | "other-port";

export interface ReadStatsOptions {
  readonly nowMs?: () => number;
  readonly timeoutMs?: number;
  /** Sent along. */
  readonly token?: string | undefined;
}

/** Returns the counters of the listener on `port`, or why there are none. Never throws: a run does not depend on it. */
export async function readInstanceStats(
  url: string,
  port: number,
  { nowMs = () => performance.now(), timeoutMs = TIMEOUT_MS, token }: ReadStatsOptions = {},
): Promise<InstanceSample | StatsProblem> {
  let answer: { readonly code: number; readonly text: string };
  try {
    answer = await fetchText(url, timeoutMs, token);
  } catch {
    return "silent";
  }
  if (answer.code === 401) return "unauthorized";
  try {
    return sampleOf(JSON.parse(answer.text) as Status, port, nowMs()) ?? "other-port";
  } catch {
    return "not-tenk";
  }
}

/** @throws {Error} when it is not the status of a tenk instance */
function sampleOf({ tenk, parts, process }: Status, port: number, atMs: number): InstanceSample | undefined {
  if (typeof tenk !== "string" || parts === undefined) throw new Error("not tenk");
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

/** Says what was tried, for people. */
export function statsProblemText(problem: StatsProblem, url: string, port: number): string {
  const at = URL.canParse(url) ? new URL(url).host : url;
  if (problem === "unauthorized") return `tenk at ${at} requires its token (TENK_TOKEN): its counters were not read`;
  if (problem === "other-port") return `tenk at ${at} does not listen on port ${port}`;
  return problem === "silent" ? `no tenk instance answers at ${at}` : `what answers at ${at} is not tenk`;
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

/** Reads the target's counters before, during and after a run. Every method does nothing where there are none. */
export class TargetStats {
  readonly #url: string;
  readonly #port: number;
  readonly #token: string | undefined;
  #problem: StatsProblem | undefined;
  #before: InstanceSample | undefined;
  #sendStart: InstanceSample | undefined;
  #sendEnd: InstanceSample | undefined;
  #fullest: InstanceSample | undefined;
  #last: InstanceSample | undefined;

  /** @param url empty: nothing is read */
  constructor(url: string, port: number, token?: string) {
    this.#url = url;
    this.#port = port;
    this.#token = token;
  }

  get found(): boolean {
    return this.#before !== undefined;
  }

  async start(): Promise<void> {
    const result = await readInstanceStats(this.#url, this.#port, { token: this.#token });
    if (typeof result === "string") this.#problem = result;
    else this.#before = result;
  }

  /** Says why there is nothing to report, for people. */
  get note(): string {
    if (this.#problem !== undefined) return statsProblemText(this.#problem, this.#url, this.#port);
    return this.found ? "the tenk instance stopped answering" : "no counters were asked for";
  }

  /** A second has passed. */
  async sample(): Promise<InstanceSample | undefined> {
    if (!this.found) return undefined;
    const sample = await readInstanceStats(this.#url, this.#port, { token: this.#token });
    if (typeof sample === "string") return undefined;
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

  /** Reads until the instance has received as many bytes as were sent, or receives no more: at most for a second. */
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

  #received(sample: InstanceSample): number {
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
