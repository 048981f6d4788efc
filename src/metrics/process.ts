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
  readonly startSeconds: number;
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

export function openProcessReader(): ProcessReader {
  const status = openOrNothing("/proc/self/status");
  const limits = openOrNothing("/proc/self/limits");
  const text = Buffer.allocUnsafe(8192);
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
        startSeconds: performance.timeOrigin / 1000,
      };
    },
    close() {
      for (const descriptor of [status, limits]) if (descriptor !== undefined) closeSync(descriptor);
    },
  };
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
