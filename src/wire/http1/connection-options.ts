import { ascii, equalsIgnoringCase, SPACE, sameIgnoringCase, TAB } from "./characters.ts";
import { FieldName, HOP_BY_HOP, hashOf } from "./field-name.ts";
import { FIELD_STRIDE, type Head } from "./head.ts";
import type { HeadError } from "./refusal.ts";

const CLOSE = ascii("close");
const KEEP_ALIVE = ascii("keep-alive");
const UPGRADE = ascii("upgrade");
const COMMA = 0x2c;
/** Of all lines together: each is compared with each other line. */
const MAX_OPTIONS = 32;
/** Start, end and hash of each option, in the call that needs them. */
const options = new Int32Array(MAX_OPTIONS * 3);

/** Notes the options of one `Connection` line. */
export function noteConnection(head: Head, bytes: Uint8Array, from: number, to: number): HeadError | 0 {
  for (let start = optionStart(bytes, from, to); start < to; start = optionStart(bytes, start, to)) {
    const end = optionEnd(bytes, start, to);
    head.connectionOptions += 1;
    if (equalsIgnoringCase(bytes, start, end, CLOSE)) head.wantsClose = true;
    else if (equalsIgnoringCase(bytes, start, end, KEEP_ALIVE)) head.wantsKeepAlive = true;
    else if (equalsIgnoringCase(bytes, start, end, UPGRADE)) head.wantsUpgrade = true;
    else head.namesOthers = true;
    start = end;
  }
  return head.connectionOptions > MAX_OPTIONS ? head.refuse("too-many-connection-options") : 0;
}

/**
 * Gives the lines that `Connection` names the id `namedByConnection`. Fields that frame or route the message keep their own, since no
 * sender may end them at a hop (RFC 9110 §7.6.1), and so do those that end here anyway.
 */
export function markNamed(head: Head, bytes: Uint8Array): void {
  const { fields, count } = head;
  const optionsEnd = collectOptions(head, bytes);
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    const name = fields[place + 4]!;
    if (HOP_BY_HOP[name] === 1 || name === FieldName.host) continue;
    if (isOption(bytes, fields[place]!, fields[place + 1]!, optionsEnd))
      fields[place + 4] = FieldName.namedByConnection;
  }
}

function collectOptions(head: Head, bytes: Uint8Array): number {
  const { fields, count } = head;
  let next = 0;
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    if (fields[place + 4] !== FieldName.connection) continue;
    const to = fields[place + 3]!;
    for (let start = optionStart(bytes, fields[place + 2]!, to); start < to; start = optionStart(bytes, start, to)) {
      const end = optionEnd(bytes, start, to);
      options[next++] = start;
      options[next++] = end;
      options[next++] = hashOf(bytes, start, end);
      start = end;
    }
  }
  return next;
}

/** By hashes first: long names that differ in their last byte only would cost a hundred times more. */
function isOption(bytes: Uint8Array, from: number, to: number, optionsEnd: number): boolean {
  const hash = hashOf(bytes, from, to);
  for (let place = 0; place < optionsEnd; place += 3) {
    if (options[place + 2] !== hash) continue;
    if (sameIgnoringCase(bytes, from, to, options[place]!, options[place + 1]!)) return true;
  }
  return false;
}

/** Lists may have empty elements (RFC 9110 §5.6.1.2). */
function optionStart(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === COMMA || bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at;
}

function optionEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== COMMA && bytes[at] !== SPACE && bytes[at] !== TAB) at++;
  return at;
}
