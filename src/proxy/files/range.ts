/** Bytes of a representation: the first, and the first that does not belong to it. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads `Range` (RFC 9110 §14.1.2). Several ranges are ignored, as §14.2 allows: one answer in parts costs more than the whole, and
 * programs that ask for several are nearly extinct.
 *
 * @returns undefined where it is to be ignored
 * @example
 * byteRange("bytes=-500", 10_000); // { from: 9500, to: 10000 }
 * byteRange("bytes=10000-", 10_000); // "unsatisfiable"
 */
export function byteRange(value: string, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(value) ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { from: size - length, to: size };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return undefined;
  if (from >= size) return "unsatisfiable";
  return { from, to: last === "" ? size : Math.min(Number(last) + 1, size) };
}
