import { readSync } from "node:fs";
import { CHUNK_BYTES, FLAVOURS } from "../list-format/mod.ts";

/** Groups of pages that a build makes one after the other. */
export const GROUPS = 16;
const BLOCK_BYTES = 1 << 16;
/** Forms 0 to 7: flags, with no gap. The others are those that a list turned out to use. */
const MAX_FORMS = 16;

interface Form {
  /** Bytes between the end of the name before and this one: `^\n||` are 4. */
  readonly gap: number;
  readonly flags: number;
}

/**
 * Remembers where the names of a list's file are, in two bytes a name: its length, and its group with the form of what stands
 * around it. So the list is parsed once, although a build reads its file once for each group.
 */
export class NameIndex {
  readonly #blocks: Uint8Array[] = [];
  #used = 0;
  #forms: Form[] = plainForms();
  #end = 0;
  /** Names that the file does not have in this form: length, flags, group, letters. */
  #others = new Uint8Array(0);
  #othersUsed = 0;

  /** Forgets everything, and keeps its memory. */
  clear(): void {
    this.#used = 0;
    this.#forms = plainForms();
    this.#end = 0;
    this.#othersUsed = 0;
  }

  /** Adds the name at a position of the file. Positions increase. */
  add(position: number, length: number, flags: number, group: number): void {
    const gap = position - this.#end;
    this.#end = position + length;
    let form = 0;
    const forms = this.#forms;
    for (form = FLAVOURS; form < forms.length; form++)
      if (forms[form]!.gap === gap && forms[form]!.flags === flags) break;
    if (form === forms.length) {
      if (form < MAX_FORMS && gap < 64) forms.push({ gap, flags });
      else {
        this.#skip(gap);
        form = flags;
      }
    }
    this.#write(length);
    this.#write((group << 4) | form);
  }

  /** Adds a name with its letters, since the file has it in another form. */
  addOther(bytes: Uint8Array, from: number, to: number, flags: number, group: number): void {
    const needed = this.#othersUsed + 3 + to - from;
    if (needed > this.#others.length) {
      const larger = new Uint8Array(new ArrayBuffer(needed * 2));
      larger.set(this.#others);
      this.#others = larger;
    }
    this.#others.set([to - from, flags, group], this.#othersUsed);
    this.#others.set(bytes.subarray(from, to), this.#othersUsed + 3);
    this.#othersUsed = needed;
  }

  /** Calls `visit` for each name of a group, with borrowed bytes. Yields after each chunk of the file. */
  *replay(file: number, group: number, buffer: Uint8Array, visit: Visit): Generator<void> {
    yield* this.#replayFile(file, group, buffer, visit);
    for (let at = 0; at < this.#othersUsed; ) {
      const length = this.#others[at]!;
      if (this.#others[at + 2] === group) visit(this.#others, at + 3, at + 3 + length, this.#others[at + 1]!);
      at += 3 + length;
    }
  }

  *#replayFile(file: number, group: number, buffer: Uint8Array, visit: Visit): Generator<void> {
    const forms = this.#forms;
    let position = 0;
    // What of the file the buffer has.
    let [start, end] = [0, 0];
    for (let index = 0; index < this.#used; index += 2) {
      const block = this.#blocks[index >>> 16]!;
      const length = block[index & 0xffff]!;
      if (length === 0) {
        position += this.#skipped(index + 2);
        index += 4;
        continue;
      }
      const code = block[(index & 0xffff) + 1]!;
      const form = forms[code & 15]!;
      position += form.gap;
      if (code >> 4 === group) {
        if (position + length > end) {
          start = position;
          end = position + readSync(file, buffer, 0, CHUNK_BYTES, position);
          if (end < position + length) throw new Error("The file of a list became shorter while it was read");
          yield;
        }
        visit(buffer, position - start, position - start + length, form.flags);
      }
      position += length;
    }
  }

  #write(byte: number): void {
    const block = this.#used >>> 16;
    if (block === this.#blocks.length) this.#blocks.push(new Uint8Array(new ArrayBuffer(BLOCK_BYTES)));
    this.#blocks[block]![this.#used & 0xffff] = byte;
    this.#used += 1;
  }

  /** A length of 0, and four bytes that say how far the next name is. */
  #skip(gap: number): void {
    for (const byte of [0, 0, gap & 0xff, (gap >>> 8) & 0xff, (gap >>> 16) & 0xff, gap >>> 24]) this.#write(byte);
  }

  #skipped(index: number): number {
    const byte = (at: number) => this.#blocks[(index + at) >>> 16]![(index + at) & 0xffff]!;
    return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
  }
}

export type Visit = (bytes: Uint8Array, from: number, to: number, flags: number) => void;

function plainForms(): Form[] {
  return Array.from({ length: FLAVOURS }, (_, flags) => ({ gap: 0, flags }));
}
