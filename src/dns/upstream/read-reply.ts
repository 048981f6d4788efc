import {
  HEADER_BYTES,
  type Message,
  RCODE_MASK,
  Rcode,
  type ResponseMismatch,
  readMessage,
  readUint16,
  responseMismatch,
} from "../../wire/dns/mod.ts";
import type { UpstreamQuery } from "./upstream-query.ts";

/** Why a reply is not the answer to a query: see `responseMismatch`; or it cannot be read. */
export type ReplyProblem = ResponseMismatch | "malformed" | "truncated";

/** Reads the reply to a query into `message`. @returns undefined where it is the answer */
export function readReply(message: Message, query: UpstreamQuery, bytes: Uint8Array): ReplyProblem | undefined {
  const mismatch = responseMismatch(query.bytes, 0, query.questionEnd, bytes, 0, bytes.length);
  if (mismatch !== undefined && !(mismatch === "question" && isBareRefusal(bytes))) return mismatch;
  if (!readMessage(message, bytes, 0, bytes.length)) return "malformed";
  return message.isTruncated ? "truncated" : undefined;
}

/** Returns whether a reply is only a header that says FORMERR or NOTIMP, as servers without EDNS send to queries that they cannot read. */
export function isBareRefusal(bytes: Uint8Array): boolean {
  if (bytes.length !== HEADER_BYTES) return false;
  const rcode = readUint16(bytes, 2) & RCODE_MASK;
  return rcode === Rcode.formErr || rcode === Rcode.notImp;
}
