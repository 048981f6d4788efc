import {
  CnameChain,
  expandName,
  Flag,
  givesPrivateAddress,
  isForPlainClients,
  isNegative,
  isWithin,
  MAX_NAME_BYTES,
  Message,
  MessageWriter,
  minTtl,
  negativeTtl,
  RecordClass,
  RecordType,
  readMessage,
  Section,
  ttlOffsets,
} from "../../wire/dns/mod.ts";
import type { Question } from "../upstream/mod.ts";

export interface CleanOptions {
  /** Lower TTLs are raised to this, except 0, which must not be cached. @default {0} */
  readonly minTtlSeconds?: number;
  /** Higher TTLs are lowered to this. @default {86_400} */
  readonly maxTtlSeconds?: number;
  /** Upper limit for negative answers. @default {3600} */
  readonly maxNegativeTtlSeconds?: number;
  /** Names in wire form which, with their subdomains, may have private addresses. @default {[]} */
  readonly privateNames?: readonly Uint8Array[];
}

/** Instead of a TTL: the answer must not be cached. */
export const NOT_KEPT = -1;

const MAX_MESSAGE_BYTES = 65_535;
const MAX_TTLS = 2048;

/**
 * Keeps only the records of an upstream's answer that belong to its question: those of the names that the question leads to by
 * CNAME, the SOA of a negative answer, and with DO the DNSSEC proofs. Name servers and additional records are dropped and never
 * trusted.
 */
export class AnswerCleaner {
  /** The answer: one question, no OPT. */
  readonly out = new Uint8Array(MAX_MESSAGE_BYTES);
  length = 0;
  /** How long it may be cached; or `NOT_KEPT`. */
  ttlSeconds = NOT_KEPT;
  readonly ttlOffsets = new Uint16Array(MAX_TTLS);
  ttls = 0;
  /** It contains targets of CNAME, SVCB or HTTPS records. */
  leadsElsewhere = false;
  /** Records with private addresses that were left out. */
  privateRecords = 0;
  readonly #options: Required<CleanOptions>;
  readonly #chain = new CnameChain();
  readonly #writer = new MessageWriter();
  readonly #message = new Message();
  readonly #zone = new Uint8Array(MAX_NAME_BYTES);
  readonly #name = new Uint8Array(MAX_NAME_BYTES);

  constructor(options: CleanOptions = {}) {
    const defaults = { minTtlSeconds: 0, maxTtlSeconds: 86_400, maxNegativeTtlSeconds: 3600, privateNames: [] };
    this.#options = { ...defaults, ...options };
  }

  /**
   * Cleans an answer into `out`.
   *
   * @param isTrusted the upstream's AD bit is trusted
   * @param mayBePrivate private addresses are kept: the upstream is the zone's own
   * @returns false if its CNAMEs form a loop or a chain that is too long
   */
  clean(question: Question, message: Message, bytes: Uint8Array, isTrusted: boolean, mayBePrivate = false): boolean {
    if (!this.#chain.read(message, bytes)) return false;
    const writer = this.#writer;
    const isAuthentic = isTrusted && (message.flags & Flag.authenticData) !== 0;
    writer.begin(this.out, 0, MAX_MESSAGE_BYTES);
    const flags = Flag.response | Flag.recursionDesired | Flag.recursionAvailable;
    writer.header(0, flags | (isAuthentic ? Flag.authenticData : 0));
    writer.rcode = message.rcode;
    writer.question(question.name, 0, question.type, RecordClass.in);
    this.#answers(question, message, bytes, mayBePrivate || this.#mayBePrivate(question.name));
    this.#authority(question, message, bytes);
    this.length = writer.finish();
    return !writer.isFull && this.#read(question.type);
  }

  #mayBePrivate(name: Uint8Array): boolean {
    return this.#options.privateNames.some((zone) => isWithin(name, 0, zone, 0));
  }

  #answers(question: Question, message: Message, bytes: Uint8Array, mayBePrivate: boolean): void {
    const { starts } = message;
    this.privateRecords = 0;
    for (let index = starts[Section.answer]!; index < starts[Section.authority]!; index++) {
      if (!this.#belongs(question, message, bytes, index)) continue;
      if (!mayBePrivate && givesPrivateAddress(message, bytes, index)) this.privateRecords += 1;
      else this.#writer.copy(message, bytes, index, this.#ttl(message.ttl(bytes, index)));
    }
  }

  #belongs({ type, wantsDnssec }: Question, message: Message, bytes: Uint8Array, index: number): boolean {
    const { records } = message;
    const own = records.type(index);
    const { cname, dname, rrsig } = RecordType;
    const isExpected = own === type || own === cname || own === dname || own === rrsig;
    if (!isExpected || records.class(index) !== RecordClass.in) return false;
    return (wantsDnssec || isForPlainClients(own, type)) && this.#chain.includes(message, bytes, index);
  }

  #authority({ type, wantsDnssec }: Question, message: Message, bytes: Uint8Array): void {
    const { records, starts } = message;
    const isNothing = isNegative(message, type);
    const negativeSeconds = Math.min(negativeTtl(message, bytes), this.#options.maxNegativeTtlSeconds);
    for (let index = starts[Section.authority]!; index < starts[Section.additional]!; index++) {
      if (records.class(index) !== RecordClass.in) continue;
      const own = records.type(index);
      if (own === RecordType.soa) {
        if (isNothing && this.#isOfZone(message, bytes, index))
          this.#writer.copy(message, bytes, index, negativeSeconds);
      } else if (wantsDnssec && !isForPlainClients(own, RecordType.a))
        this.#writer.copy(message, bytes, index, this.#ttl(message.ttl(bytes, index)));
    }
  }

  /** Returns whether a record's owner is a zone that contains the name: a zone can deny only what is inside it. */
  #isOfZone(message: Message, bytes: Uint8Array, index: number): boolean {
    const { from, to, records } = message;
    expandName(bytes, from, to, records.nameAt(index), this.#zone, 0);
    expandName(bytes, from, to, this.#chain.nameAt(this.#chain.count - 1), this.#name, 0);
    return isWithin(this.#name, 0, this.#zone, 0);
  }

  #ttl(seconds: number): number {
    const { minTtlSeconds, maxTtlSeconds } = this.#options;
    return seconds === 0 ? 0 : Math.min(Math.max(seconds, minTtlSeconds), maxTtlSeconds);
  }

  /** Reads the written message: how long it may be cached, and where its TTLs are. */
  #read(type: number): boolean {
    const message = this.#message;
    const { out } = this;
    if (!readMessage(message, out, 0, this.length)) return false;
    const least = minTtl(message, out);
    const isKnown = !isNegative(message, type) || negativeTtl(message, out) > 0;
    this.ttlSeconds = isKnown && least > 0 ? least : NOT_KEPT;
    this.ttls = ttlOffsets(message, this.ttlOffsets);
    this.leadsElsewhere = leadsElsewhere(message);
    return true;
  }
}

function leadsElsewhere({ records, starts }: Message): boolean {
  const { cname, https, svcb } = RecordType;
  for (let index = starts[Section.answer]!; index < starts[Section.authority]!; index++) {
    const type = records.type(index);
    if (type === cname || type === https || type === svcb) return true;
  }
  return false;
}
