import { closeSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { blockingThreads } from "./blocking.ts";
import { processTimeouts, type TimedCalls } from "./timed-calls.ts";

/** The machine's files, below a root that tests may choose. A path is as on the machine: `/proc/stat`. */
export interface HostFiles {
  /** What the file says; undefined where it is missing or cannot be read. About 9 µs: for what the kernel has in memory. */
  text(path: string): string | undefined;
  /**
   * The same of several files of one device, on a thread that may hang: behind each a driver asks a chip. About 60 µs.
   * All are undefined where the device does not answer in time: it is `isHanging` then.
   */
  slowTexts(device: string, paths: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Whether a device below the folder has not answered in time, and has not since. */
  isHanging(folder: string): boolean;
  /** Names in a folder, sorted; none where there is no such folder. */
  list(path: string): string[];
  /** Where a link leads, as on the machine; undefined where nowhere. */
  target(path: string): string | undefined;
}

/** No file that we read is near it; a kernel with thousands of processors or mounts shall not fill our memory. */
const MAX_BYTES = 1 << 20;
const MAX_NAMES = 4096;

export function hostFiles(root = "/", devices: TimedCalls = processTimeouts().devices): HostFiles {
  const absolute = (path: string) => (root === "/" ? path : join(root, path));
  return {
    text: (path) => textOf(absolute(path)),
    async slowTexts(device, paths) {
      if (paths.length === 0) return [];
      const answer = await devices.run(absolute(device), () => blockingThreads.texts(paths.map(absolute)));
      return "value" in answer ? answer.value : paths.map(() => undefined);
    },
    isHanging: (folder) => devices.hanging.some((name) => `${name}/`.startsWith(`${absolute(folder)}/`)),
    list(path) {
      try {
        return readdirSync(absolute(path)).sort().slice(0, MAX_NAMES);
      } catch {
        return [];
      }
    },
    target(path) {
      try {
        const target = realpathSync(absolute(path));
        return root === "/" ? target : target.slice(realpathSync(root).length);
      } catch {
        return undefined;
      }
    },
  };
}

/** Files of /proc have no size and come in pieces, each read giving at most what fits. */
let shared = Buffer.allocUnsafe(64 * 1024);

function textOf(path: string): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    let length = 0;
    for (;;) {
      const bytes = readSync(descriptor, shared, length, shared.length - length, null);
      length += bytes;
      if (bytes === 0) return shared.toString("utf8", 0, length);
      if (length >= MAX_BYTES) return shared.toString("utf8", 0, wholeLines(length));
      if (length === shared.length) shared = Buffer.concat([shared], Math.min(shared.length * 2, MAX_BYTES));
    }
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Of a number that is cut off the rest would be believed. */
function wholeLines(length: number): number {
  return shared.lastIndexOf("\n", length - 1) + 1 || length;
}

/** The whole text as a number; undefined where it is none. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*[+-]?\d+(\.\d+)?\s*$/.test(text)) return undefined;
  return Number(text);
}

/** Lines split into their words; empty lines are left out. */
export function wordsOfLines(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words[0] !== "") rows.push(words);
  }
  return rows;
}

/** Reads one file of a device. */
export async function slowText(files: HostFiles, path: string): Promise<string | undefined> {
  return (await files.slowTexts(path, [path]))[0];
}
