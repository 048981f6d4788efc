import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";

/** The cost of this process, over all its threads. A field is undefined where the system does not report it. */
export interface ProcessSample {
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly residentBytes: number | undefined;
  /** Resident memory that is the process's own: no file pages, no shared ones. The cost of a connection shows here. */
  readonly anonymousBytes: number | undefined;
  readonly virtualBytes: number | undefined;
  readonly openDescriptors: number | undefined;
  readonly maxDescriptors: number | undefined;
  /** Since 1970, by the clock as it is now: when the clock is set, this moves with it, so that the age stays right. */
  readonly startSeconds: number;
}

/** The clocks from which the start of the process is computed; for tests. */
export interface ProcessReaderOptions {
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Milliseconds since some moment, by a clock that is never set and runs while the machine sleeps. @default the machine's uptime */
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

/** A smaller difference does not mean that the clock was set: two clocks are read, and the uptime is in hundredths. */
const CLOCK_SET_MS = 1000;

export function openProcessReader(options: ProcessReaderOptions = {}): ProcessReader {
  const status = openIfPresent("/proc/self/status");
  const limits = openIfPresent("/proc/self/limits");
  const text = Buffer.allocUnsafe(8192);
  const uptime = openIfPresent("/proc/uptime");
  const uptimeMs = () => uptimeMsIn(textOf(uptime, text));
  const elapsed = Number.isNaN(uptimeMs()) ? () => performance.now() : uptimeMs;
  const startMs = startFollowingClock(options.now ?? Date.now, options.elapsed ?? elapsed);
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

/** A Raspberry Pi has no battery-backed clock: processes that start with it start in 1970, or at its last shutdown. */
function startFollowingClock(now: () => number, elapsed: () => number): () => number {
  const offsetMs = now() - elapsed();
  let setByMs = 0;
  return () => {
    const byMs = now() - elapsed() - offsetMs;
    if (Math.abs(byMs - setByMs) > CLOCK_SET_MS) setByMs = byMs;
    return performance.timeOrigin + setByMs;
  };
}

/** Returns NaN where the system does not report it. */
function uptimeMsIn(text: string): number {
  return Number(/^\d+\.\d+/.exec(text)?.[0] ?? Number.NaN) * 1000;
}

function openIfPresent(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

/** Reading from position 0 makes the kernel generate the file again; the descriptor stays open. */
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

/** Since Linux 6.2 the size of /proc/self/fd is its number of entries; older kernels must list it, which needs a descriptor. */
function countDescriptors(): number | undefined {
  try {
    const { size } = statSync("/proc/self/fd");
    return size > 0 ? size : readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}
