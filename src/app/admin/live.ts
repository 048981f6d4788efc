import type { LogRing } from "./log-ring.ts";

/** The sources of live streams. Each is read from a position that the stream keeps; nothing is queued for a reader. */
export interface LiveSources {
  readonly history: {
    readonly keysVersion: number;
    keys(): string[];
    columns(afterMs: number): { readonly t: number; readonly v: readonly (number | null)[] }[];
  };
  readonly log: LogRing;
  /** The load test in progress, with the part of its course after a version; -1 is before all. */
  readonly run: (afterVersion: number) => { readonly version: number; readonly value: unknown };
}

export interface LiveOptions {
  /** Streams at a time. @default {32} */
  readonly maxStreams?: number;
  /** Bytes that may wait for a reader; beyond that it gets nothing until it has read. @default {65536} */
  readonly maxBufferedBytes?: number;
  /** A reader that takes nothing for this long is dropped. @default {30} */
  readonly stallSeconds?: number;
}

interface Stream {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Stops listening for the end of the session. */
  readonly release: () => void;
  /** The last second that was sent. ms since 1970 */
  sentMs: number;
  /** More seconds wait than are sent at once. */
  isBehind: boolean;
  keysVersion: number;
  logNumber: number;
  runVersion: number;
  /** The reader has no run on its page, so that the end of one need not be sent. */
  knowsNoRun: boolean;
  stalledSeconds: number;
}

/** A reader that resumes gets more seconds than these in several steps. */
const SECONDS_AT_ONCE = 120;
const encoder = new TextEncoder();

/**
 * Server-sent events (WHATWG HTML §9.2). Each stream keeps its position in the shared sources, so that a slow reader costs no
 * memory. A reader that takes nothing for long is dropped; it resumes with `Last-Event-ID`.
 *
 * ```text
 *   tick ─► for each stream: buffer free? ─► names, seconds since its position, log lines, the run ─► its position moves
 *                              └ no ─► later, or dropped
 * ```
 */
export class LiveStreams {
  readonly #sources: LiveSources;
  readonly #options: Required<LiveOptions>;
  readonly #streams = new Set<Stream>();
  /** The latest sampled second. ms since 1970 */
  #newestMs = 0;
  /** The text of the latest second, which most streams get alike. */
  #second = { t: -1, keysVersion: -1, text: "" };

  constructor(sources: LiveSources, options: LiveOptions = {}) {
    this.#sources = sources;
    this.#options = { maxStreams: 32, maxBufferedBytes: 65_536, stallSeconds: 30, ...options };
  }

  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream.
   *
   * @param afterMs the last second before an interruption, ms since 1970 @default now
   * @param sessionEnd ends the stream when it aborts
   * @returns undefined when there are too many streams
   */
  open(afterMs?: number, sessionEnd?: AbortSignal): ReadableStream<Uint8Array> | undefined {
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
            release: () => sessionEnd?.removeEventListener("abort", end),
            sentMs: afterMs ?? this.#newestMs - 1,
            isBehind: false,
            keysVersion: -1,
            logNumber: afterMs === undefined ? log.count : log.numberAt(afterMs),
            runVersion: -1,
            knowsNoRun: afterMs === undefined,
            stalledSeconds: 0,
          };
          this.#streams.add(stream);
          sessionEnd?.addEventListener("abort", end, { once: true });
          controller.enqueue(encoder.encode("retry: 2000\n\n"));
          this.#send(stream);
        },
        pull: () => {
          // Only a stream with a backlog continues at once; the others wait for the next second.
          if (stream?.isBehind) this.#send(stream);
        },
        cancel: () => {
          if (stream !== undefined) this.#forget(stream);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: this.#options.maxBufferedBytes }),
    );
  }

  /** Called after each sample. */
  tick(): void {
    this.#newestMs = this.#sources.history.columns(this.#newestMs).at(-1)?.t ?? this.#newestMs;
    for (const stream of this.#streams) {
      if ((stream.controller.desiredSize ?? 0) > 0) {
        stream.stalledSeconds = 0;
        this.#send(stream);
      } else {
        stream.stalledSeconds += 1;
        if (stream.stalledSeconds >= this.#options.stallSeconds) this.#drop(stream);
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

  #send(stream: Stream): void {
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
    const isNext = stream.sentMs === current.t - 1000 && current.keysVersion === history.keysVersion;
    if (isNext && history.columns(current.t).length === 0) {
      stream.sentMs = current.t;
      return current.text;
    }
    let text = "";
    const columns = history.columns(stream.sentMs);
    stream.isBehind = columns.length > SECONDS_AT_ONCE;
    for (const column of columns.slice(0, SECONDS_AT_ONCE)) {
      const one = `id: ${column.t / 1000}\n${event("second", { t: column.t, v: column.v.map(rounded) })}`;
      stream.sentMs = column.t;
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
