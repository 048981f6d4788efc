import type { LogRing } from "./log-ring.ts";

/** What live streams tell, by numbers that say how far a stream has come: nothing is queued for anybody. */
export interface LiveSources {
  readonly history: {
    readonly keysVersion: number;
    keys(): string[];
    columns(afterMs: number): { readonly t: number; readonly v: readonly (number | null)[] }[];
  };
  readonly log: LogRing;
  /** The load test in progress, with what is new in it after a version; -1 is before all. */
  readonly run: (afterVersion: number) => { readonly version: number; readonly value: unknown };
}

export interface LiveOptions {
  /** Streams at a time. @default {32} */
  readonly maxStreams?: number;
  /** Bytes that may wait for a reader before it is told nothing more for now. @default {65536} */
  readonly waitingBytes?: number;
  /** Seconds in a row that a reader takes nothing before it is dropped. @default {30} */
  readonly patienceSeconds?: number;
}

interface Stream {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Waits for the end of a session no longer. */
  readonly release: () => void;
  /** The last second that was told. ms since 1970 */
  toldMs: number;
  /** More seconds wait than were told at once. */
  isBehind: boolean;
  keysVersion: number;
  logNumber: number;
  runVersion: number;
  /** Its reader knows of no run in progress, that it should be told it has ended. */
  knowsNoRun: boolean;
  stalledSeconds: number;
}

/** What one look at a reader may write: many seconds are told in several looks. */
const SECONDS_AT_ONCE = 120;
const encoder = new TextEncoder();

/**
 * Server-sent events (WHATWG HTML §9.2). Each stream has its own place in what everybody else reads too, so that a slow reader
 * costs no memory; one that takes nothing for long is dropped, and resumes from `Last-Event-ID` as any other.
 *
 * ```text
 *   tick ─► for each stream: room? ─► names, seconds since its place, log lines, the run ─► its place moves
 *                              └ no ─► later, or dropped
 * ```
 */
export class LiveStreams {
  readonly #sources: LiveSources;
  readonly #options: Required<LiveOptions>;
  readonly #streams = new Set<Stream>();
  /** The second that was sampled last. ms since 1970 */
  #newestMs = 0;
  /** The last second as everybody gets it. */
  #second = { t: -1, keysVersion: -1, text: "" };

  constructor(sources: LiveSources, options: LiveOptions = {}) {
    this.#sources = sources;
    this.#options = { maxStreams: 32, waitingBytes: 65_536, patienceSeconds: 30, ...options };
  }

  get size(): number {
    return this.#streams.size;
  }

  /**
   * Begins a stream.
   *
   * @param afterMs what was told before an interruption, ms since 1970 @default now
   * @param ending ends the stream when it is aborted
   * @returns undefined where there are too many
   */
  open(afterMs?: number, ending?: AbortSignal): ReadableStream<Uint8Array> | undefined {
    if (this.#streams.size >= this.#options.maxStreams) return undefined;
    const { log } = this.#sources;
    let stream: Stream | undefined;
    const end = () => {
      if (stream !== undefined) this.#drop(stream);
    };
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = {
            controller,
            release: () => ending?.removeEventListener("abort", end),
            toldMs: afterMs ?? this.#newestMs - 1,
            isBehind: false,
            keysVersion: -1,
            logNumber: afterMs === undefined ? log.count : log.numberAt(afterMs),
            runVersion: -1,
            knowsNoRun: afterMs === undefined,
            stalledSeconds: 0,
          };
          this.#streams.add(stream);
          ending?.addEventListener("abort", end, { once: true });
          controller.enqueue(encoder.encode("retry: 2000\n\n"));
          this.#tell(stream);
        },
        pull: () => {
          // Only those that have a backlog go on by themselves; the others wait for the next second.
          if (stream?.isBehind) this.#tell(stream);
        },
        cancel: () => {
          if (stream !== undefined) this.#forget(stream);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: this.#options.waitingBytes }),
    );
  }

  /** A second was sampled. */
  tick(): void {
    this.#newestMs = this.#sources.history.columns(this.#newestMs).at(-1)?.t ?? this.#newestMs;
    for (const stream of this.#streams) {
      if ((stream.controller.desiredSize ?? 0) > 0) {
        stream.stalledSeconds = 0;
        this.#tell(stream);
      } else {
        stream.stalledSeconds += 1;
        if (stream.stalledSeconds >= this.#options.patienceSeconds) this.#drop(stream);
      }
    }
  }

  stop(): void {
    for (const stream of this.#streams) this.#drop(stream);
  }

  #forget(stream: Stream): void {
    this.#streams.delete(stream);
    stream.release();
  }

  #drop(stream: Stream): void {
    this.#forget(stream);
    try {
      stream.controller.error(new Error("too slow, or stopping"));
    } catch {
      // Closed by its reader in this very moment.
    }
  }

  #tell(stream: Stream): void {
    const text = this.#names(stream) + this.#seconds(stream) + this.#logLines(stream) + this.#run(stream);
    if (text === "") return;
    try {
      stream.controller.enqueue(encoder.encode(text));
    } catch {
      this.#forget(stream);
    }
  }

  #names(stream: Stream): string {
    const { history } = this.#sources;
    if (stream.keysVersion === history.keysVersion) return "";
    stream.keysVersion = history.keysVersion;
    return event("names", { keys: history.keys() });
  }

  #seconds(stream: Stream): string {
    const { history } = this.#sources;
    const current = this.#second;
    const isNext = stream.toldMs === current.t - 1000 && current.keysVersion === history.keysVersion;
    if (isNext && history.columns(current.t).length === 0) {
      stream.toldMs = current.t;
      return current.text;
    }
    let text = "";
    const columns = history.columns(stream.toldMs);
    stream.isBehind = columns.length > SECONDS_AT_ONCE;
    for (const column of columns.slice(0, SECONDS_AT_ONCE)) {
      const one = `id: ${column.t / 1000}\n${event("second", { t: column.t, v: column.v.map(rounded) })}`;
      stream.toldMs = column.t;
      if (column.t >= current.t) this.#second = { t: column.t, keysVersion: history.keysVersion, text: one };
      text += one;
    }
    return text;
  }

  #logLines(stream: Stream): string {
    const { log } = this.#sources;
    const lines = log.since(stream.logNumber);
    stream.logNumber = log.count;
    return lines.map((line) => event("log", line)).join("");
  }

  #run(stream: Stream): string {
    const { version, value } = this.#sources.run(stream.runVersion);
    if (stream.runVersion === version) return "";
    stream.runVersion = version;
    if (value === null && stream.knowsNoRun) return "";
    stream.knowsNoRun = value === null;
    return event("run", value);
  }
}

/** JSON has no line breaks outside of its strings, and none within: one line of data. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Six digits are more than a chart shows, and a third of the bytes. */
function rounded(value: number | null): number | null {
  return value === null || Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
