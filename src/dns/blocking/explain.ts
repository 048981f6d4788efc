import { closeSync, openSync, readSync } from "node:fs";
import { CHUNK_BYTES, ListParser, type ListSink, SUBTREE } from "../list-format/mod.ts";
import type { ListFile } from "../pages/mod.ts";
import type { BlockDecision } from "./decision.ts";

/** What decided. */
export type Decision = Pick<BlockDecision, "lists" | "labels" | "flags" | "rule">;

/** A line of a list that decided. */
export interface DecidingLine {
  /** Index of the file among those that were built. */
  readonly file: number;
  readonly line: number;
  /** The line as it is in the list, trimmed. It is untrusted text. */
  readonly text: string;
}

const MAX_SHOWN_BYTES = 512;
const LINE_FEED = 0x0a;

/**
 * Finds the lines that led to a decision, by reading the files of the lists that decided. Pages keep no line numbers: they
 * would take more memory than the names. Yields after each chunk of a file, since a large list takes a tenth of a second.
 *
 * @param name the question, in small letters
 */
export function* explain(
  { lists, labels, flags, rule }: Decision,
  name: string,
  files: readonly ListFile[],
): Generator<void, DecidingLine[]> {
  if (rule !== undefined) {
    const { file, line } = rule.placed;
    return [{ file, line, text: rule.placed.rule.text }];
  }
  if (labels === 0) return [];
  const entry = name.split(".").slice(-labels).join(".");
  const found: DecidingLine[] = [];
  for (const [file, source] of files.entries()) {
    if (((lists >>> source.list) & 1) === 0) continue;
    const line = yield* findLine(source, entry, (entryFlags) => {
      return entryFlags >> 1 === flags >> 1 && (entry === name || (entryFlags & SUBTREE) !== 0);
    });
    if (line !== undefined) found.push({ file, line, text: yield* readLine(source.path, line) });
  }
  return found;
}

/** Returns the number of a list's first line that has a wanted entry for the name. */
function* findLine(
  { path, list: _, ...options }: ListFile,
  entry: string,
  isWanted: (flags: number) => boolean,
): Generator<void, number | undefined> {
  const wanted = Buffer.from(entry, "latin1");
  let found: number | undefined;
  const sink: ListSink = {
    name(bytes, from, to, flags) {
      if (to - from !== wanted.length || !isWanted(flags) || found !== undefined) return;
      for (let at = 0; at < wanted.length; at++) if (toSmall(bytes[from + at]!) !== wanted[at]) return;
      found = parser.summary.lines;
    },
    rule: () => undefined,
    disable: () => undefined,
  };
  const parser = new ListParser(sink, options);
  for (const chunk of chunksOf(path, () => parser.free())) {
    parser.take(chunk.length);
    if (found !== undefined) return found;
    yield;
  }
  parser.end();
  return found;
}

/** Returns a line of a file, trimmed; of a long one the beginning. */
function* readLine(path: string, line: number): Generator<void, string> {
  const buffer = new Uint8Array(new ArrayBuffer(CHUNK_BYTES));
  const text: number[] = [];
  let at = 1;
  for (const chunk of chunksOf(path, () => buffer)) {
    let from = 0;
    while (at < line) {
      const next = chunk.indexOf(LINE_FEED, from) + 1;
      if (next === 0) break;
      from = next;
      at += 1;
    }
    if (at === line) {
      const end = chunk.indexOf(LINE_FEED, from);
      text.push(...chunk.subarray(from, Math.min(end < 0 ? chunk.length : end, from + MAX_SHOWN_BYTES)));
      if (end >= 0 || text.length >= MAX_SHOWN_BYTES) break;
    }
    yield;
  }
  return new TextDecoder().decode(Uint8Array.from(text)).trim();
}

/** Reads a file into the buffers that `free` returns, and yields the bytes of each read. */
function* chunksOf(path: string, free: () => Uint8Array): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    for (;;) {
      const buffer = free();
      const count = readSync(file, buffer, 0, CHUNK_BYTES, null);
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}

function toSmall(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
