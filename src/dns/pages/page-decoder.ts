import {
  BLOCK_NAMES,
  LONG_REST,
  LONG_SET,
  MORE,
  PAGE_FILTER,
  PAGE_HEADER,
  PAGE_NAMES,
  PAGE_SETS,
  SETS_MASK,
} from "./layout.ts";

/** Called for each name of a page, in order, with its sets: `flags` and a mask of lists. */
export type VisitEntry = (reversed: Uint8Array, length: number, flags: number, lists: number) => void;

/** Reads the names of a page back: for a change of one of them. The bytes are borrowed. */
export function decodePage(words: Int32Array, page: number, visit: VisitEntry): void {
  const base = page >> 2;
  const names = words[base + PAGE_NAMES]!;
  const sets = base + PAGE_HEADER + words[base + PAGE_FILTER]!;
  const blocks = Math.ceil(names / BLOCK_NAMES);
  const records = words[base + PAGE_SETS]!;
  const table = sets + (records & SETS_MASK) * 2;
  const bytes = new Uint8Array(words.buffer, (table + (records < 0 ? blocks : Math.ceil(blocks / 2))) * 4);
  const name = new Uint8Array(new ArrayBuffer(256));
  let at = 0;
  let set = 0;
  for (let index = 0; index < names; index++) {
    const shared = index % BLOCK_NAMES === 0 ? 0 : bytes[at++]!;
    const head = bytes[at++]!;
    let rest = head >> 1;
    if (rest === LONG_REST) rest = bytes[at++]!;
    if ((head & 1) !== 0) {
      set = bytes[at++]!;
      if (set === LONG_SET) {
        set = bytes[at]! | (bytes[at + 1]! << 8);
        at += 2;
      }
    }
    for (let letter = 0; letter < rest; letter++) name[shared + letter] = bytes[at++]!;
    for (let record = sets + set * 2; ; record += 2) {
      const flags = words[record + 1]!;
      visit(name, shared + rest, flags & ~MORE, words[record]!);
      if ((flags & MORE) === 0) break;
    }
  }
}
