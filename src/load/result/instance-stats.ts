import { get } from "node:http";
import { get as getTls } from "node:https";
import type { SentCounts, TargetCounts, TargetReader } from "../loop/mod.ts";
import type { ServerReport } from "../report.ts";

/** What is read of an instance's `/api/status`. */
export interface InstanceSample extends TargetCounts {
  readonly atMs: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly anonymousBytes: number;
}

/** What `/api/status` answers, as far as it is read here; anything may be missing. */
interface Status {
  readonly tenk?: unknown;
  readonly parts?: Readonly<Record<string, unknown>>;
  readonly process?: { readonly cpuSeconds?: number; readonly rssBytes?: number; readonly anonymousBytes?: number };
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
  reader: TargetReader,
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
    return sampleOf(JSON.parse(answer.text) as Status, port, reader, nowMs()) ?? "other-port";
  } catch {
    return "not-tenk";
  }
}

/** @throws {Error} when it is not the status of a tenk instance */
function sampleOf(
  { tenk, parts, process }: Status,
  port: number,
  reader: TargetReader,
  atMs: number,
): InstanceSample | undefined {
  if (typeof tenk !== "string" || parts === undefined) throw new Error("not tenk");
  const counts = reader.read(parts, port);
  return (
    counts && {
      ...counts,
      atMs,
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
  readonly #reader: TargetReader | undefined;
  readonly #token: string | undefined;
  #problem: StatsProblem | undefined;
  #before: InstanceSample | undefined;
  #sendStart: InstanceSample | undefined;
  #sendEnd: InstanceSample | undefined;
  #fullest: InstanceSample | undefined;
  #last: InstanceSample | undefined;

  /** @param reader undefined: nothing is read */
  constructor(url: string, port: number, reader: TargetReader | undefined, token?: string) {
    this.#url = url;
    this.#port = port;
    this.#reader = reader;
    this.#token = token;
  }

  get found(): boolean {
    return this.#before !== undefined;
  }

  /** What must hold where there are counters. */
  get expectations(): readonly string[] {
    return this.found && this.#reader !== undefined ? [this.#reader.expectation] : [];
  }

  async start(): Promise<void> {
    if (this.#reader === undefined) return;
    const result = await this.#read(this.#reader);
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
    if (!this.found || this.#reader === undefined) return undefined;
    const sample = await this.#read(this.#reader);
    if (typeof sample === "string") return undefined;
    if (this.#fullest === undefined || sample.open >= this.#fullest.open) this.#fullest = sample;
    this.#last = sample;
    return sample;
  }

  async sendingBegins(): Promise<void> {
    this.#sendStart = await this.sample();
  }

  async sendingEnds(): Promise<void> {
    this.#sendEnd = await this.sample();
  }

  /** Reads until the instance has counted all that was sent, or counts no more: at most for a second. */
  async settle(sent: SentCounts): Promise<void> {
    const reader = this.#reader;
    for (let tries = 0; tries < 10 && reader !== undefined; tries++) {
      const before = this.#last?.counts ?? {};
      const sample = await this.sample();
      if (sample === undefined || reader.hasAll(this.#grown(sample), sent)) return;
      if (tries > 2 && Object.entries(sample.counts).every(([name, count]) => count === before[name])) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  report(sent: SentCounts): ServerReport | null {
    const [reader, before, last, fullest] = [this.#reader, this.#before, this.#last, this.#fullest];
    if (reader === undefined || before === undefined || last === undefined || fullest === undefined) return null;
    const connectionsPeak = last.peak > before.peak ? last.peak - before.open : fullest.open - before.open;
    const memoryGrown = Math.max(0, fullest.anonymousBytes - before.anonymousBytes);
    return {
      ...reader.report(this.#grown(last), sent),
      connectionsPeak,
      cpuPercent: this.#cpuPercent(),
      rssBytes: fullest.rssBytes,
      userBytesPerConnection: connectionsPeak > 0 ? Math.round(memoryGrown / connectionsPeak) : 0,
    };
  }

  #read(reader: TargetReader): Promise<InstanceSample | StatsProblem> {
    return readInstanceStats(this.#url, this.#port, reader, { token: this.#token });
  }

  #grown({ counts }: InstanceSample): TargetCounts["counts"] {
    const before = this.#before?.counts ?? {};
    return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count - (before[name] ?? 0)]));
  }

  #cpuPercent(): number {
    const [from, to] = [this.#sendStart ?? this.#before, this.#sendEnd ?? this.#last];
    if (from === undefined || to === undefined || to.atMs <= from.atMs) return 0;
    return ((to.cpuSeconds - from.cpuSeconds) * 100_000) / (to.atMs - from.atMs);
  }
}
