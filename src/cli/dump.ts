import { escapeBytes } from "../base/mod.ts";
import type { Tap } from "../load/mod.ts";
import type { LoadWords } from "./load-options.ts";

type DumpOptions = Pick<LoadWords, "dumpOne" | "dumpOneIn" | "dumpOneOut" | "dumpAll" | "dumpAllIn" | "dumpAllOut">;

/** Bytes shown of one read or write; of the rest only the number. */
const SHOWN_BYTES = 1024;

/**
 * Returns a tap for `--dump-one` and its like, which writes a line for each read and write: of every connection, or of the first.
 *
 * @returns undefined without such an option
 */
export function dumpTap(options: DumpOptions, write: (line: string) => void): Tap | undefined {
  let one: number | undefined;
  const shows = (all: boolean, uid: number) => {
    one ??= uid;
    return all || uid === one;
  };
  const direction = (sign: string, isOne: boolean, isAll: boolean) => {
    if (!isOne && !isAll) return undefined;
    return (uid: number, bytes: Uint8Array) => {
      if (shows(isAll, uid)) write(`${sign} #${uid} ${escaped(bytes)}`);
    };
  };
  const out = direction(
    ">",
    Boolean(options.dumpOne || options.dumpOneOut),
    Boolean(options.dumpAll || options.dumpAllOut),
  );
  const into = direction(
    "<",
    Boolean(options.dumpOne || options.dumpOneIn),
    Boolean(options.dumpAll || options.dumpAllIn),
  );
  if (!out && !into) return undefined;
  return { ...(out ? { out } : {}), ...(into ? { in: into } : {}) };
}

/**
 * Formats bytes as text that `-e` reads back, with control characters escaped.
 *
 * @example
 * escaped(new Uint8Array([65, 10, 0, 92])); // "A\\n\\x00\\\\"
 */
export function escaped(bytes: Uint8Array): string {
  const text = escapeBytes(bytes.subarray(0, SHOWN_BYTES));
  const more = bytes.length - SHOWN_BYTES;
  return more > 0 ? `${text} … and ${more} bytes more` : text;
}
