import { Flag, opcodeOf } from "./header.ts";
import { MAX_LABELS } from "./name.ts";
import { QUERY_REFUSALS, type QueryRefusal, type QueryVerdict } from "./query-refusal.ts";

/** What a client may be sent by UDP when it says nothing about it (RFC 1035 §4.2.1), and less than that is not believed (RFC 6891 §6.2.3). */
export const MIN_UDP_BYTES = 512;

/**
 * A query as numbers and places in bytes that somebody else holds. Nothing is decoded and nothing allocated: one `Query` serves an event
 * loop, and is valid until the next read into it. Places count from the start of the bytes, not of the message.
 *
 * ```text
 *   from      nameFrom         nameEnd                optionsFrom      optionsTo
 *   │ header  │ 3 w w w 1 a 0  │ type │ class │ OPT …  │ options        │
 *                                            questionEnd
 * ```
 */
export class Query {
  from = 0;
  id = 0;
  /** As they came, with all that servers ignore. */
  flags = 0;
  nameFrom = 0;
  /** Behind the name's root. */
  nameEnd = 0;
  /** Labels of the name, without the root. */
  labels = 0;
  /** Where each label begins, from `nameFrom` on. */
  readonly labelStarts = new Uint8Array(MAX_LABELS + 1);
  type = 0;
  class = 0;
  /** Behind the class; 0 where no question could be read. */
  questionEnd = 0;
  /** There is an OPT record that is whole. */
  hasEdns = false;
  /** Bytes that the client takes by UDP, 512 or more. */
  udpBytes = MIN_UDP_BYTES;
  ednsVersion = 0;
  /** DO: the client wants DNSSEC's records. */
  wantsDnssec = false;
  optionsFrom = 0;
  optionsTo = 0;
  /** Why the last read refused the message. */
  refusal: QueryRefusal | undefined;

  get opcode(): number {
    return opcodeOf(this.flags);
  }

  /** RD */
  get wantsRecursion(): boolean {
    return (this.flags & Flag.recursionDesired) !== 0;
  }

  /** AD in a query: the client understands AD in the answer (RFC 6840 §5.7). */
  get wantsAuthenticData(): boolean {
    return (this.flags & Flag.authenticData) !== 0;
  }

  /** CD */
  get checkingDisabled(): boolean {
    return (this.flags & Flag.checkingDisabled) !== 0;
  }

  begin(from: number): void {
    this.from = from;
    this.id = 0;
    this.flags = 0;
    this.nameFrom = from;
    this.nameEnd = from;
    this.labels = 0;
    this.type = 0;
    this.class = 0;
    this.questionEnd = 0;
    this.hasEdns = false;
    this.udpBytes = MIN_UDP_BYTES;
    this.ednsVersion = 0;
    this.wantsDnssec = false;
    this.optionsFrom = 0;
    this.optionsTo = 0;
    this.refusal = undefined;
  }

  refuse(refusal: QueryRefusal): QueryVerdict {
    this.refusal = refusal;
    return QUERY_REFUSALS[refusal];
  }
}
