import { lstatSync, readFileSync } from "node:fs";
import { appendFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { type Log, messageOf } from "../../base/mod.ts";
import type { Mark } from "../../part/mod.ts";

/** A line of the file. */
const LINE = z.strictObject({
  atMs: z.number().min(0).max(8.64e15),
  kind: z.enum(["start", "stop", "reload", "upgrade"]),
  text: z.string().max(300),
});
export type KeptMark = z.infer<typeof LINE>;

/** A line has about a hundred bytes. */
const MAX_BYTES = 1_000_000;

export interface MarkFileOptions {
  /** Undefined keeps the marks in memory. */
  readonly file: string | undefined;
  readonly log: Log;
  /** The oldest are forgotten beyond this number. @default {1000} */
  readonly maxMarks?: number;
}

/**
 * Starts, stops and reloads of this instance, in a file of one JSON text a line: appended a few times a day, written anew when it
 * has twice as many lines as it should. A line that cannot be read is left out, so that a power cut costs one mark.
 */
export class MarkFile {
  readonly #options: Required<MarkFileOptions>;
  #marks: KeptMark[];
  /** Lines in the file. */
  #lines: number;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;
  /** The last line has no end, after a power cut. */
  #isHalf = false;

  constructor({ maxMarks = 1000, ...options }: MarkFileOptions) {
    this.#options = { maxMarks, ...options };
    const { marks, lines } = this.#read();
    this.#marks = marks.slice(-maxMarks);
    this.#lines = lines;
  }

  /** Of this file's last instance; undefined for the first. */
  get last(): Mark | undefined {
    return this.#marks.at(-1);
  }

  /** Keeps a mark. Returns at once; a failed write is logged, and the mark then ends with the process. */
  add(mark: KeptMark): void {
    this.#marks = [...this.#marks, mark].slice(-this.#options.maxMarks);
    this.#writing = this.#writing.then(() => this.#write(mark));
  }

  between(fromMs: number, toMs: number): readonly Mark[] {
    return this.#marks.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  }

  /** Resolves when everything is written, or has failed. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #read(): { marks: KeptMark[]; lines: number } {
    const { file, log } = this.#options;
    const nothing = { marks: [], lines: 0 };
    if (file === undefined) return nothing;
    try {
      const found = lstatSync(file, { throwIfNoEntry: false });
      if (found === undefined) return nothing;
      if (!found.isFile() || found.size > MAX_BYTES) throw new Error(`expected a file of at most ${MAX_BYTES} bytes`);
      const text = readFileSync(file, "utf8");
      const lines = text.split("\n").filter(Boolean);
      this.#isHalf = text !== "" && !text.endsWith("\n");
      return { marks: lines.flatMap(markOf), lines: lines.length };
    } catch (error) {
      log.warn("marks not read", { file, error: messageOf(error) });
      return nothing;
    }
  }

  async #write(mark: KeptMark): Promise<void> {
    const { file, log, maxMarks } = this.#options;
    if (file === undefined) return;
    try {
      if (this.#lines >= 2 * maxMarks) await this.#rewrite(file, mark);
      else await appendFile(file, `${this.#isHalf ? "\n" : ""}${JSON.stringify(mark)}\n`, { mode: 0o600 });
      this.#isHalf = false;
      this.#lines += 1;
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) log.warn("marks not kept, they end with the process", { file, error: messageOf(error) });
      this.#hasFailed = true;
    }
  }

  /** @param last the newest mark to write: later ones are appended after it */
  async #rewrite(file: string, last: KeptMark): Promise<void> {
    const beside = `${file}.new`;
    const marks = this.#marks.slice(0, this.#marks.indexOf(last) + 1);
    await rm(beside, { force: true });
    await writeFile(beside, marks.map((mark) => `${JSON.stringify(mark)}\n`).join(""), { mode: 0o600, flag: "wx" });
    await rename(beside, file);
    this.#lines = marks.length - 1;
  }
}

function markOf(line: string): KeptMark[] {
  try {
    const { data } = LINE.safeParse(JSON.parse(line));
    return data === undefined ? [] : [data];
  } catch {
    // The end of a line that a power cut left out.
    return [];
  }
}
