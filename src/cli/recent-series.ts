import type { NamesAnswer, SeriesAnswer } from "../dash/mod.ts";
import { credentials } from "./instance-request.ts";

/** What is asked of the history, and how often. */
interface Wanted {
  readonly names: readonly string[];
  readonly spanMs: number;
  readonly stepMs: number;
  readonly everyMs: number;
}

const MACHINE: Wanted = {
  names: [
    "tenk_host_cpu_seconds_total",
    "tenk_host_network_receive_bytes_total",
    "tenk_host_network_transmit_bytes_total",
    "tenk_host_disk_read_bytes_total",
    "tenk_host_disk_written_bytes_total",
  ],
  spanMs: 30_000,
  stepMs: 1000,
  everyMs: 1000,
};
const LATENCIES: Wanted = { names: ["probe_duration_seconds"], spanMs: 1_800_000, stepMs: 120_000, everyMs: 30_000 };
/** Series of one request: the most that the server answers. A terminal shows no more services. */
const MAX_KEYS = 50;
const TIMEOUT_MS = 2000;
/** New services have new series. */
const NAMES_EVERY_MS = 60_000;

type Values = readonly number[];

/** Values of the last minutes from the history of an instance, for sparks. Without an answer it has none: they are an extra. */
export class RecentSeries {
  readonly #url: URL;
  #names: NamesAnswer["series"] = [];
  readonly #values = new Map<string, Values>();
  readonly #askedMs = new Map<unknown, number>();

  constructor(url: URL) {
    this.#url = url;
  }

  /** Loads what is due. Never throws. */
  async refresh(nowMs: number): Promise<void> {
    try {
      if (this.#isDue("names", NAMES_EVERY_MS, nowMs))
        this.#names = (await this.#ask<NamesAnswer>("api/names", [])).series;
      for (const wanted of [MACHINE, LATENCIES])
        if (this.#isDue(wanted, wanted.everyMs, nowMs)) await this.#load(wanted, nowMs);
    } catch {
      // An old version, or an instance that stops: the status itself says so.
    }
  }

  /** Returns the values of a series, oldest first; gaps are left out. */
  of(name: string, labels: Readonly<Record<string, string>> = {}): Values {
    const found = this.#names.find(
      (each) => each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value),
    );
    return (found && this.#values.get(found.key)) ?? [];
  }

  #isDue(what: unknown, everyMs: number, nowMs: number): boolean {
    if (nowMs - (this.#askedMs.get(what) ?? 0) < everyMs - 100) return false;
    this.#askedMs.set(what, nowMs);
    return true;
  }

  async #load({ names, spanMs, stepMs }: Wanted, nowMs: number): Promise<void> {
    const keys = this.#names.filter(({ name }) => names.includes(name)).map(({ key }) => key);
    if (keys.length === 0) return;
    const to = Math.floor(nowMs / 1000) * 1000;
    const { series } = await this.#ask<SeriesAnswer>("api/series", [
      ...keys.slice(0, MAX_KEYS).map((key) => ["name", key] as const),
      ["from", String(to - spanMs)],
      ["to", String(to)],
      ["step", String(stepMs)],
    ]);
    for (const { key, mean } of series)
      this.#values.set(
        key,
        mean.filter((value) => value !== null),
      );
  }

  async #ask<Answer>(path: string, words: readonly (readonly [string, string])[]): Promise<Answer> {
    const url = new URL(path, this.#url);
    for (const [name, value] of words) url.searchParams.append(name, value);
    const response = await fetch(url, { headers: credentials(), signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.json()) as Answer;
  }
}
