import { Flag, Rcode } from "./header.ts";
import { MessageWriter } from "./message-writer.ts";
import { EDNS_UDP_BYTES, OptWriter } from "./opt-writer.ts";
import type { Query } from "./query.ts";
import type { QueryVerdict } from "./query-refusal.ts";

/** Header, the longest question, OPT with an extended error and a short text. */
export const MAX_ERROR_BYTES = 512;

const writer = new MessageWriter();
const opt = new OptWriter();

/** The response code of a verdict that is answered with an error. */
const RCODE_OF = [Rcode.noError, -1, Rcode.formErr, Rcode.notImp, Rcode.badVers] as const;

/** Returns the response code of the answer to a query that was refused; -1 where there is to be none. */
export function rcodeOfVerdict(verdict: QueryVerdict): number {
  return RCODE_OF[verdict];
}

/**
 * Writes an answer without records: SERVFAIL, REFUSED, or that a query was malformed. It repeats what could be read of the query, and
 * has an OPT record where the query had one.
 *
 * @param out has room for `MAX_ERROR_BYTES` behind `at`
 * @param extendedError its code; -1 = none
 * @returns the offset after the answer
 */
export function writeError(
  out: Uint8Array,
  at: number,
  query: Query,
  bytes: Uint8Array,
  rcode: number,
  extendedError = -1,
  text?: Uint8Array,
): number {
  writer.begin(out, at, MAX_ERROR_BYTES);
  writer.answer(query, bytes, rcode, Flag.recursionAvailable);
  if (query.hasEdns && opt.begin(writer, EDNS_UDP_BYTES, query.wantsDnssec) && extendedError >= 0) {
    opt.extendedError(extendedError, text);
  }
  return writer.finish();
}
