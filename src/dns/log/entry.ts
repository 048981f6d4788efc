import { nameText } from "../../wire/dns/mod.ts";
import { formatIp } from "../../wire/mod.ts";
import {
  IP_AT,
  IP_BYTES,
  KIND_WORD,
  LATENCY_WORD,
  LINE_WORD,
  LISTS_WORD,
  NAME_AT,
  NAME_LENGTH_AT,
  RULE_WORD,
  TIME_DOUBLE,
  TYPE_WORD,
} from "./entry-layout.ts";
import type { LogVerdict, Transport } from "./verdicts.ts";

/** Memory that holds entries, seen in three ways. */
export interface EntryMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
}

/** A query as the log has it. Names are text of zone files: visible ASCII, whatever the client sent. */
export interface LogEntry {
  /** Grows from entry to entry, and is never used again. */
  readonly id: number;
  /** When it was answered. ms since 1970 */
  readonly timeMs: number;
  /** Undefined where privacy hides it. */
  readonly client: string | undefined;
  /** Undefined where privacy hides it, or the query had none that could be read. */
  readonly name: string | undefined;
  readonly type: number;
  readonly verdict: LogVerdict;
  readonly rcode: number;
  readonly transport: Transport;
  /** The answer was past its TTL. */
  readonly isStale: boolean;
  /** 0 where it was answered from memory, in far less than a millisecond. */
  readonly latencyUs: number;
  /** Index of the upstream that answered. */
  readonly upstream: number | undefined;
  /** Mask of the lists that decided. */
  readonly lists: number;
  /** Labels of the name's end that the lists have: 2 for `||example.org^`. 0 where a rule decided, or nothing. */
  readonly labels: number;
  /** The rule that decided. */
  readonly rule: { readonly file: number; readonly line: number } | undefined;
}

/** Reads the entry at an offset. */
export function readEntry({ bytes, words, doubles }: EntryMemory, at: number, id: number): LogEntry {
  const word = at >>> 2;
  const kind = words[word + KIND_WORD]!;
  const type = words[word + TYPE_WORD]!;
  const decided = words[word + RULE_WORD]!;
  const file = decided >>> 16;
  const upstream = type >>> 24;
  return {
    id,
    timeMs: doubles[(at >>> 3) + TIME_DOUBLE]!,
    client: clientOf(bytes, at + IP_AT),
    name: bytes[at + NAME_LENGTH_AT] === 0 ? undefined : nameText(bytes, at + NAME_AT),
    type: type & 0xffff,
    verdict: ((kind >>> 16) & 0xff) as LogVerdict,
    rcode: (type >>> 16) & 0xff,
    transport: (kind >>> 24) as Transport,
    isStale: (decided & 0x100) !== 0,
    latencyUs: words[word + LATENCY_WORD]!,
    upstream: upstream === 0 ? undefined : upstream - 1,
    lists: words[word + LISTS_WORD]! | 0,
    labels: decided & 0xff,
    rule: file === 0 ? undefined : { file: file - 1, line: words[word + LINE_WORD]! },
  };
}

/** Returns an address as people write it; undefined where it is hidden. */
export function clientOf(bytes: Uint8Array, at: number): string | undefined {
  for (let index = 0; index < IP_BYTES; index++) {
    if (bytes[at + index] !== 0) return formatIp(bytes.subarray(at, at + IP_BYTES)).replace(/^::ffff:(?=\d+\.)/, "");
  }
  return undefined;
}

export function verdictAt({ words }: EntryMemory, at: number): LogVerdict {
  return ((words[at >>> 2]! >>> 16) & 0xff) as LogVerdict;
}

export function sizeAt({ words }: EntryMemory, at: number): number {
  return words[at >>> 2]! & 0xffff;
}
