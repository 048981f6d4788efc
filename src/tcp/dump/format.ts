import { escapeBytes } from "../../base/mod.ts";

export type DumpFormat = "text" | "hex";

const ROW_BYTES = 16;
/** Eight groups of two bytes, with a space between. */
const HEX_COLUMNS = 39;

/**
 * Bytes after the words in front of them: escaped on the same line, or in rows below it as `tcpdump -X` shows them. Nothing
 * of it is obeyed by a terminal.
 *
 * @param most bytes shown; the number of the others is shown
 * @example
 * formatChunk("<", new TextEncoder().encode("hello\r\n"), "text", 5); // "< 7 bytes hello … 2 more bytes"
 */
export function formatChunk(before: string, bytes: Uint8Array, format: DumpFormat, most: number): string {
  const shown = bytes.subarray(0, most);
  const head = `${before} ${counted(bytes.length)}`;
  const more =
    bytes.length > most ? `… ${bytes.length - most} more ${bytes.length - most === 1 ? "byte" : "bytes"}` : "";
  if (format === "hex") return [head, ...hexRows(shown), ...(more === "" ? [] : [`\t${more}`])].join("\n");
  return `${head} ${escapeBytes(shown, { utf8: true })}${more === "" ? "" : ` ${more}`}`;
}

/** Lines that {@link formatChunk} will make. */
export function linesOfChunk(length: number, format: DumpFormat, most: number): number {
  if (format === "text") return 1;
  return 1 + Math.ceil(Math.min(length, most) / ROW_BYTES) + (length > most ? 1 : 0);
}

function counted(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

/**
 * ```text
 *   0x0000:  4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET./.HTTP/1.1..
 * ```
 */
function hexRows(bytes: Uint8Array): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const row = bytes.subarray(at, at + ROW_BYTES);
    let hex = "";
    let text = "";
    for (const [index, byte] of row.entries()) {
      if (index > 0 && index % 2 === 0) hex += " ";
      hex += byte.toString(16).padStart(2, "0");
      text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
    }
    rows.push(`\t0x${at.toString(16).padStart(4, "0")}:  ${hex.padEnd(HEX_COLUMNS)}  ${text}`);
  }
  return rows;
}

/** `12:34:56.789`, in local time, as logs have it. */
export function formatClock(nowMs: number): string {
  const date = new Date(nowMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}
