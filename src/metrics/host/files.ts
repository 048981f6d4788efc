import { closeSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { blockingThreads } from "./blocking.ts";
import { processTimeouts, type TimedCalls } from "./timed-calls.ts";

export { numberOf } from "../../limits/mod.ts";

/** The host's files, below a root that tests may choose. A path is as on the host: `/proc/stat`. */
export interface HostFiles {
  /** Returns the file's text, undefined where it cannot be read. About 9 µs; only for files that the kernel has in memory. */
  text(path: string): string | undefined;
  /**
   * Returns the texts of several files of one device, read on a thread that may hang, since a driver asks a chip for each.
   * About 60 µs. All are undefined where the device does not answer in time: it `isHanging` then.
   */
  slowTexts(device: string, paths: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Whether a device below the folder timed out and has not answered since. */
  isHanging(folder: string): boolean;
  /** Returns the names in a folder, sorted; none where there is no such folder. */
  list(path: string): string[];
  /** Returns the path that a link leads to, as on the host; undefined for a broken link. */
  target(path: string): string | undefined;
}

/** No usual file is near it; a kernel with thousands of processors or mounts must not fill our memory. */
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

/** Files of /proc report no size and must be read until the end, into a buffer that grows. */
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

/** Cuts at the end of a line: half a number would be taken for a number. */
function wholeLines(length: number): number {
  return shared.lastIndexOf("\n", length - 1) + 1 || length;
}

/** Splits into lines of words; empty lines are left out. */
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
