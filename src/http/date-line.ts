import { fieldLine } from "../wire/http1/mod.ts";

let second = -1;
let line = new Uint8Array(0);

/** Returns the prepared field `Date` of now, made once a second (RFC 9110 §5.6.7). */
export function dateLine(): Uint8Array {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    line = new Uint8Array(fieldLine("Date", new Date(now * 1000).toUTCString()));
  }
  return line;
}
