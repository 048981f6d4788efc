import { ascii, type LineWriter } from "./line-writer.ts";

const QUESTION = 0x3f;
const AMPERSAND = 0x26;
const TOKEN = ascii("token=");
const HIDDEN = ascii("***");

/** Adds a path with its query, or a URL. The value of a parameter `token`, which the dashboard logs in by, is hidden. */
export function writeUrl(writer: LineWriter, bytes: Uint8Array, from: number, to: number, room: number): void {
  let query = from;
  while (query < to && bytes[query] !== QUESTION) query += 1;
  const limit = writer.at + room;
  let written = from;
  for (let at = query + 1; at < to; at = nextParameter(bytes, at, to)) {
    if (!isToken(bytes, at, to)) continue;
    writer.escaped(bytes, written, at + TOKEN.length, limit - writer.at);
    if (limit - writer.at < HIDDEN.length) return;
    writer.raw(HIDDEN);
    written = at;
    while (written < to && bytes[written] !== AMPERSAND) written += 1;
  }
  writer.escaped(bytes, written, to, limit - writer.at);
}

function nextParameter(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== AMPERSAND) at += 1;
  return at + 1;
}

function isToken(bytes: Uint8Array, at: number, to: number): boolean {
  if (to - at < TOKEN.length) return false;
  for (let i = 0; i < TOKEN.length; i++) if (bytes[at + i] !== TOKEN[i]) return false;
  return true;
}
