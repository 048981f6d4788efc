import { FIELD_STRIDE, FieldName, type Head } from "../../wire/http1/mod.ts";

/** A chain of proxies may have tenk in it more than once, but not as often as a loop. */
const MAX_VISITS = 8;
const OWN_NAME = new TextEncoder().encode(" tenk");

/**
 * Returns whether a request has come through tenk so often that a service's target leads back to it (RFC 9110 §7.6.3). Without this
 * each request would become more of them, until no descriptor is left.
 */
export function isLoop({ fields, count }: Head, bytes: Uint8Array): boolean {
  let visits = 0;
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    if (fields[place + 4] !== FieldName.via) continue;
    visits += occurrences(bytes, fields[place + 2]!, fields[place + 3]!);
  }
  return visits >= MAX_VISITS;
}

function occurrences(bytes: Uint8Array, from: number, to: number): number {
  let found = 0;
  for (let at = from; at + OWN_NAME.length <= to; at++) {
    let same = 0;
    while (same < OWN_NAME.length && bytes[at + same] === OWN_NAME[same]) same += 1;
    if (same === OWN_NAME.length) found += 1;
  }
  return found;
}
