/** A value of D-Bus. Structs and arrays are lists, dictionaries lists of pairs; a variant is its value. */
export type DbusValue = number | bigint | boolean | string | readonly DbusValue[];

/** Thrown for what is no sound message; nobody outside sees it. */
export class Malformed extends Error {}

/** The specification permits 32 arrays and 32 structs; no message that is wanted has more than a few. */
const MAX_DEPTH = 16;
/** Values of one message: an array of empty structs would go on for ever. */
const MAX_VALUES = 100_000;

const BYTES_1 = "ygv";
const BYTES_2 = "nq";
const BYTES_4 = "biusoah";
const BYTES_8 = "xtd({";

/** Reads values by their signature, in the byte order of their message. Whatever is not sound throws `Malformed`. */
export class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isLittle: boolean;
  #values = 0;
  #at: number;

  constructor(bytes: Uint8Array, at: number, isLittle: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#isLittle = isLittle;
    this.#at = at;
  }

  /** Reads one value for each type of a signature. */
  all(signature: string): DbusValue[] {
    return this.#each(signature, 0);
  }

  #each(types: string, depth: number): DbusValue[] {
    const values: DbusValue[] = [];
    for (let at = 0; at < types.length; ) {
      const end = typeEnd(types, at);
      values.push(this.#value(types.slice(at, end), depth));
      at = end;
    }
    return values;
  }

  #value(type: string, depth: number): DbusValue {
    this.#values += 1;
    if (depth > MAX_DEPTH || this.#values > MAX_VALUES) throw new Malformed("too many values");
    this.#align(alignmentOf(type));
    if (type[0] === "a") return this.#array(type.slice(1), depth);
    if (type[0] === "(" || type[0] === "{") return this.#each(type.slice(1, -1), depth + 1);
    return this.#simple(type, depth);
  }

  #simple(type: string, depth: number): DbusValue {
    const [view, isLittle] = [this.#view, this.#isLittle];
    if (type === "y") return this.#bytes[this.#take(1)]!;
    if (type === "b") return this.#uint32() !== 0;
    if (type === "n") return view.getInt16(this.#take(2), isLittle);
    if (type === "q") return view.getUint16(this.#take(2), isLittle);
    if (type === "i") return view.getInt32(this.#take(4), isLittle);
    if (type === "u" || type === "h") return this.#uint32();
    if (type === "x") return view.getBigInt64(this.#take(8), isLittle);
    if (type === "t") return view.getBigUint64(this.#take(8), isLittle);
    if (type === "d") return view.getFloat64(this.#take(8), isLittle);
    if (type === "s" || type === "o") return this.#text(this.#uint32());
    const signature = this.#text(this.#bytes[this.#take(1)]!);
    if (type === "g") return signature;
    if (signature === "" || typeEnd(signature, 0) !== signature.length)
      throw new Malformed("a variant of several types");
    return this.#value(signature, depth + 1);
  }

  #array(type: string, depth: number): DbusValue[] {
    const length = this.#uint32();
    this.#align(alignmentOf(type));
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Malformed("cut");
    const values: DbusValue[] = [];
    while (this.#at < end) values.push(this.#value(type, depth + 1));
    if (this.#at !== end) throw new Malformed("an array's length");
    return values;
  }

  #uint32(): number {
    this.#align(4);
    return this.#view.getUint32(this.#take(4), this.#isLittle);
  }

  #text(length: number): string {
    const from = this.#take(length + 1);
    return new TextDecoder().decode(this.#bytes.subarray(from, from + length));
  }

  #align(to: number): void {
    this.#take(Math.ceil(this.#at / to) * to - this.#at);
  }

  /** @returns where the bytes begin */
  #take(count: number): number {
    const from = this.#at;
    if (from + count > this.#bytes.length) throw new Malformed("cut");
    this.#at += count;
    return from;
  }
}

function alignmentOf(type: string): number {
  const first = type[0] ?? "";
  if (BYTES_1.includes(first)) return 1;
  if (BYTES_2.includes(first)) return 2;
  return BYTES_4.includes(first) ? 4 : 8;
}

/** Returns where the type ends that begins at a place of a signature. */
function typeEnd(signature: string, at: number): number {
  const type = signature[at] ?? "";
  if (type === "a") return typeEnd(signature, at + 1);
  if (type !== "(" && type !== "{") {
    if (type === "" || !(BYTES_1 + BYTES_2 + BYTES_4 + BYTES_8).includes(type)) throw new Malformed("a signature");
    return at + 1;
  }
  const close = type === "(" ? ")" : "}";
  let end = at + 1;
  while (end < signature.length && signature[end] !== close) end = typeEnd(signature, end);
  if (end >= signature.length || end === at + 1) throw new Malformed("a signature");
  return end + 1;
}
