import { type Asker, Chain, type ChainParts, MISS, NO_ANSWER } from "../../../src/dns/chain/mod.ts";
import {
  Flag,
  Message,
  optionsText,
  rcodeName,
  rdataText,
  readMessage,
  Section,
  typeName,
} from "../../../src/wire/dns/mod.ts";
import { chainParts } from "./parts.ts";

export const NOW_MS = 1_800_000_000_000;

export function chainOf(changed: Partial<ChainParts> = {}) {
  const parts = chainParts();
  return { chain: new Chain({ ...parts, ...changed }), cache: parts.cache, counts: parts.counts };
}

const out = new Uint8Array(70_000);

/** What came back, as people read it. */
export function ask(
  chain: Chain,
  bytes: Uint8Array,
  { isDatagram = true, nowMs = NOW_MS, room = 65_535, ip = new Uint8Array(16) } = {},
) {
  const asker: Asker = { ip, isDatagram, nowMs };
  const length = chain.answer(bytes, 0, bytes.length, out, 0, room, asker);
  if (length === MISS) return "miss";
  if (length === NO_ANSWER) return "none";
  const answered = out.slice(0, length);
  const message = new Message();
  if (!readMessage(message, answered, 0, length)) throw new Error(`an answer that cannot be read: ${message.refusal}`);
  const { records } = message;
  const texts: string[] = [];
  for (let index = message.starts[Section.answer]!; index < records.count; index++) {
    const [type, recordClass] = [records.type(index), records.class(index)];
    if (index === message.opt) continue;
    texts.push(
      `${typeName(type)} ${rdataText(type, recordClass, answered, 0, records.rdataFrom(index), records.rdataTo(index))}`,
    );
  }
  const hasFlag = (flag: number) => (message.flags & flag) !== 0;
  return {
    rcode: rcodeName(message.rcode),
    records: texts,
    hasOpt: message.opt >= 0,
    error: message.opt < 0 ? "" : optionsText(answered, records.rdataFrom(message.opt), records.rdataTo(message.opt)),
    isTruncated: message.isTruncated,
    ad: hasFlag(Flag.authenticData),
    cd: hasFlag(Flag.checkingDisabled),
    length,
    bytes: answered,
  };
}

export type Answered = Exclude<ReturnType<typeof ask>, string>;
export const told = (chain: Chain, bytes: Uint8Array, options = {}) => ask(chain, bytes, options) as Answered;
export const SOA = "SOA tenk.invalid. hostmaster.tenk.invalid. 1 3600 600 86400 10";
