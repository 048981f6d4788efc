import { placeInStack, shownFile } from "../module/mod.ts";

/**
 * What ended a worker, in one line. Its error does not travel; the runtime reports it as text:
 *
 * ```text
 * 1 | setTimeout(() => { throw new Error("lost"); }, 0);
 *                                  ^
 * error: lost
 *       at <anonymous> (/srv/chat.ts:1:30)
 * ```
 */
export function crashReason(text: string): string {
  const lines = text.trim().split("\n");
  const line = lines.find((each) => /^(error|\w*Error): /.test(each)) ?? lines[0] ?? "";
  const place = placeInStack(text);
  const at = place === undefined ? "" : ` (${shownFile(place.file)}:${place.line}:${place.column})`;
  return line.replace(/^error: /, "") + at;
}
