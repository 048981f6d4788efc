import { readdirSync, readFileSync } from "node:fs";

/** What is read of /proc and /sys. A path is as on the host: `/proc/self/cgroup`. */
export interface CgroupFiles {
  /** Returns the file's text, undefined where it cannot be read. */
  text(path: string): string | undefined;
  /** Returns the names in a folder; none where there is no such folder. */
  list(path: string): readonly string[];
}

export const systemFiles: CgroupFiles = {
  text(path) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
  list(path) {
    try {
      return readdirSync(path);
    } catch {
      return [];
    }
  },
};

/** Parses the whole text as a number; undefined where it is not one. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*[+-]?\d+(\.\d+)?\s*$/.test(text)) return undefined;
  return Number(text);
}

/** Undoes the escapes of mountinfo. */
export function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8) & 0xff));
}
