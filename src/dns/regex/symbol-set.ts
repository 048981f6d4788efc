/** Sets of bytes, as 256 bits. */
export type SymbolSet = Uint32Array;

export function emptySet(): SymbolSet {
  return new Uint32Array(8);
}

export function addSymbol(set: SymbolSet, symbol: number): void {
  set[symbol >> 5]! |= 1 << (symbol & 31);
}

export function hasSymbol(set: SymbolSet, symbol: number): boolean {
  return ((set[symbol >> 5]! >>> (symbol & 31)) & 1) === 1;
}

/** Names are compared in lower case, so a range of capitals stands for lower-case letters. */
export function addRange(set: SymbolSet, from: number, to: number): void {
  for (let symbol = from; symbol <= to; symbol++)
    addSymbol(set, symbol >= 0x41 && symbol <= 0x5a ? symbol | 0x20 : symbol);
}

export function addAll(set: SymbolSet, other: SymbolSet): void {
  for (let word = 0; word < 8; word++) set[word]! |= other[word]!;
}

export function inverse(set: SymbolSet): SymbolSet {
  return set.map((word) => ~word);
}

/** Returns the equivalence classes of bytes, which no set distinguishes: `classOf[byte]`, and how many there are. */
export function classesOf(sets: readonly SymbolSet[]): { classOf: Uint8Array; count: number } {
  const classOf = new Uint8Array(new ArrayBuffer(256));
  const known = new Map<string, number>();
  for (let symbol = 0; symbol < 256; symbol++) {
    const key = sets.map((set) => (hasSymbol(set, symbol) ? "1" : "0")).join("");
    if (!known.has(key)) known.set(key, known.size);
    classOf[symbol] = known.get(key)!;
  }
  return { classOf, count: known.size };
}
