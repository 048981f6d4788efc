import { CR, FIELD_VALUE, IS_TOKEN, LF, SPACE, TAB, TOKEN } from "./characters.ts";
import { markNamed } from "./connection-options.ts";
import { classOfName, FieldName, HASH_FACTOR, knownName } from "./field-name.ts";
import { FIELD_STRIDE, type Head } from "./head.ts";
import { LAST_NOTED, noteField } from "./note-field.ts";

const VALUE = FIELD_VALUE;
const COLON = 0x3a;
const SMALL_X = 0x78;

/** Result of `readFields` when the bytes end before the empty line. */
export const UNFINISHED = 0;

/**
 * Reads field lines and the empty line behind them (RFC 9112 §5). Refuses what RFC 9112 allows a lenient reader to repair: folded
 * lines, blanks before the colon, bare CR or LF.
 *
 * @returns where the body begins, UNFINISHED, or a `HeadError`
 */
export function readFields(head: Head, bytes: Uint8Array, from: number, end: number, isRequest: boolean): number {
  const { fields } = head;
  let place = 0;
  let at = from;
  for (;;) {
    if (at >= end) return UNFINISHED;
    let byte = bytes[at]!;
    if (byte === CR) break;
    const nameStart = at;
    let hash = 0;
    let classes = 0;
    for (let kind = TOKEN[byte]!; kind !== 0; kind = TOKEN[byte]!) {
      classes |= kind;
      hash = (Math.imul(hash, HASH_FACTOR) + (byte | 0x20)) | 0;
      at += 1;
      if (at >= end) return UNFINISHED;
      byte = bytes[at]!;
    }
    if (byte !== COLON || at === nameStart) return head.refuse("bad-field-name");
    const nameEnd = at;
    at += 1;
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    const valueStart = at;
    // Four at a time, since most bytes of a head are in values.
    while (
      at + 3 < end &&
      (VALUE[bytes[at]!]! & VALUE[bytes[at + 1]!]! & VALUE[bytes[at + 2]!]! & VALUE[bytes[at + 3]!]!) === 1
    ) {
      at += 4;
    }
    while (at < end && VALUE[bytes[at]!] === 1) at++;
    if (at >= end) return UNFINISHED;
    if (bytes[at] !== CR) return head.refuse("bad-field-value");
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--;
    if (at + 1 >= end) return UNFINISHED;
    if (bytes[at + 1] !== LF) return head.refuse("bad-field-value");
    at += 2;
    if (place === fields.length) return head.refuse("too-many-fields");
    let name = knownName(bytes, nameStart, nameEnd, hash);
    if (name === FieldName.unknown && (classes !== IS_TOKEN || (bytes[nameStart]! | 0x20) === SMALL_X)) {
      name = classOfName(bytes, nameStart, nameEnd, classes);
    }
    fields[place] = nameStart;
    fields[place + 1] = nameEnd;
    fields[place + 2] = valueStart;
    fields[place + 3] = valueEnd;
    fields[place + 4] = name;
    place += FIELD_STRIDE;
    if (name === FieldName.unknown || name > LAST_NOTED) continue;
    if (name === FieldName.ambiguous) head.hasAmbiguousNames = true;
    else {
      const error = noteField(head, bytes, name, valueStart, valueEnd, isRequest);
      if (error !== 0) return error;
    }
  }
  if (at + 1 >= end) return UNFINISHED;
  if (bytes[at + 1] !== LF) return head.refuse("bad-line-end");
  head.count = place / FIELD_STRIDE;
  if (head.namesOthers) markNamed(head, bytes);
  return at + 2;
}

/** Judges lines that `Head.add` added, as those of a request or a response. Returns 0 or a `HeadError`. */
export function checkFields(head: Head, bytes: Uint8Array, isRequest: boolean): number {
  const { fields, count } = head;
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    const name = fields[place + 4] as FieldName;
    if (name > LAST_NOTED || name <= FieldName.xForwardedOther) continue;
    const error = noteField(head, bytes, name, fields[place + 2]!, fields[place + 3]!, isRequest);
    if (error !== 0) return error;
  }
  return 0;
}
