import { escapeBytes } from "../../base/mod.ts";
import type { MessagePart } from "./template.ts";

const MOST_CHARACTERS = 80;

/** How what is sent again and again begins, as it was written, for people; undefined where nothing is. */
export function messagePreview(parts: readonly MessagePart[]): string | undefined {
  const sent = parts.filter(({ first }) => !first);
  if (sent.length === 0) return undefined;
  // Of a large file only the beginning is read.
  const texts = sent.map((part) =>
    part.kind === "text" ? part.text : escapeBytes(part.bytes.subarray(0, MOST_CHARACTERS * 4), { utf8: true }),
  );
  const characters = [...texts.join("").slice(0, MOST_CHARACTERS * 2 + 2)];
  if (characters.length <= MOST_CHARACTERS) return characters.join("");
  return `${characters.slice(0, MOST_CHARACTERS).join("")}…`;
}
