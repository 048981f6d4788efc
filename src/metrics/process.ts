import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";

/** What this process costs, over all its threads. A field is undefined where the system does not tell. */
export interface ProcessSample {
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly residentBytes: number | undefined;
  /** Resident memory that is the process's own: no file pages, no shared ones. What a connection costs shows here. */
  readonly anonymousBytes: number | undefined;
  readonly virtualBytes: number | undefined;
  readonly openDescriptors: number | undefined;
  readonly maxDescriptors: number | undefined;
  /** Since 1970, by the clock as it is now: one that was set since moves it along, and what has gone by stays true. */
  readonly startSeconds: number;
}

/** The clocks that tell when the process was started; for tests. */
export interface ProcessReaderOptions {
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Milliseconds since some moment, by a clock that is never set, and goes on while the machine sleeps. @default the machine's uptime */
  readonly elapsed?: () => number;
}

/**
 * Reads `/proc/self` through descriptors it opened at the start: at the descriptor limit, when the numbers matter most,
 * nothing can be opened any more (`process.memoryUsage()` throws there).
 */
export interface ProcessReader {
  read(): ProcessSample;
  close(): void;
}

const RESIDENT = /^VmRSS:\s+(\d+) kB/m;
const ANONYMOUS = /^RssAnon:\s+(\d+) kB/m;
const VIRTUAL = /^VmSize:\s+(\d+) kB/m;

/** A clock that is off by less was not set: it is read twice, and the machine's uptime is in hundredths. */
const CLOCK_SET_MS = 1000;

export function openProcessReader(options: ProcessReaderOptions = {}): ProcessReader {
  const status = openOrNothing("/proc/self/status");
  const limits = openOrNothing("/proc/self/limits");
  const text = Buffer.allocUnsafe(8192);
  const uptime = openOrNothing("/proc/uptime");
  const uptimeMs = () => uptimeMsIn(textOf(uptime, text));
  const elapsed = Number.isNaN(uptimeMs()) ? () => performance.now() : uptimeMs;
  const startMs = startFollowing(options.now ?? Date.now, options.elapsed ?? elapsed);
  let lastOpen: number | undefined;

  return {
    read() {
      const memory = textOf(status, text);
      const cpu = process.cpuUsage();
      lastOpen = countDescriptors() ?? lastOpen;
      return {
        cpuUserSeconds: cpu.user / 1e6,
        cpuSystemSeconds: cpu.system / 1e6,
        residentBytes: kibibytes(memory, RESIDENT),
        anonymousBytes: kibibytes(memory, ANONYMOUS),
        virtualBytes: kibibytes(memory, VIRTUAL),
        openDescriptors: lastOpen,
        maxDescriptors: softLimit(textOf(limits, text)),
        startSeconds: startMs() / 1000,
      };
    },
    close() {
      for (const descriptor of [status, limits, uptime]) if (descriptor !== undefined) closeSync(descriptor);
    },
  };
}

/** A Raspberry Pi has no clock of its own: what starts with it starts in 1970, or when it was last switched off. */
function startFollowing(now: () => number, elapsed: () => number): () => number {
  const offsetMs = now() - elapsed();
  let setByMs = 0;
  return () => {
    const byMs = now() - elapsed() - offsetMs;
    if (Math.abs(byMs - setByMs) > CLOCK_SET_MS) setByMs = byMs;
    return performance.timeOrigin + setByMs;
  };
}

/** NaN where the system does not tell. */
function uptimeMsIn(text: string): number {
  return Number(/^\d+\.\d+/.exec(text)?.[0] ?? Number.NaN) * 1000;
}

function openOrNothing(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

/** Reading from position 0 makes the kernel write the file anew; the descriptor stays open. */
function textOf(descriptor: number | undefined, into: Buffer): string {
  if (descriptor === undefined) return "";
  try {
    return into.toString("latin1", 0, readSync(descriptor, into, 0, into.length, 0));
  } catch {
    return "";
  }
}

function kibibytes(status: string, field: RegExp): number | undefined {
  const match = field.exec(status);
  return match ? Number(match[1]) * 1024 : undefined;
}

function softLimit(limits: string): number | undefined {
  const match = /^Max open files\s+(\d+)/m.exec(limits);
  return match ? Number(match[1]) : undefined;
}

/** Since Linux 6.2 the size of /proc/self/fd is its number of entries, which costs no descriptor; before, list it. */
function countDescriptors(): number | undefined {
  try {
    const { size } = statSync("/proc/self/fd");
    return size > 0 ? size : readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}
