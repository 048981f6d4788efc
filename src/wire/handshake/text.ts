const LF = 10;
const CR = 13;

/** Returns bytes as text in which each byte is one character. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", from, Math.min(to, bytes.length));
}

export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "utf8"));
}

/** Reads a line from `from` on, without its CR and LF; undefined while its end is missing. */
export function readLine(bytes: Uint8Array, from = 0): { readonly text: string; readonly end: number } | undefined {
  const at = bytes.indexOf(LF, from);
  if (at < 0) return undefined;
  const to = at > from && bytes[at - 1] === CR ? at - 1 : at;
  return { text: latin1(bytes, from, to), end: at + 1 };
}

/** Returns text up to a NUL, and the place behind it; undefined while there is none before `to`. */
export function readCString(
  bytes: Uint8Array,
  from: number,
  to = bytes.length,
): { readonly text: string; readonly end: number } | undefined {
  const at = bytes.indexOf(0, from);
  return at < 0 || at >= to ? undefined : { text: latin1(bytes, from, at), end: at + 1 };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
