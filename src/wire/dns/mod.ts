/** DNS (RFC 1035): names, queries, messages and records, bytes ⇄ values. */

export { isNegative, minTtl, negativeTtl, ttlOffsets } from "./answer-ttl.ts";
export { CnameChain, MAX_CNAME_LINKS } from "./cname-chain.ts";
export { checkName, expandName, HEADER_BYTES, type NameBudget, sameNames, skipName } from "./compressed-name.ts";
export { copyMessage, isForPlainClients, type Keep } from "./copy-message.ts";
export {
  areOptionsSound,
  EdnsOption,
  findOption,
  MAX_OPTIONS,
  OPTION_HEAD_BYTES,
  optionLength,
} from "./edns-options.ts";
export { MAX_ERROR_BYTES, rcodeOfVerdict, writeError } from "./error-answer.ts";
export { ExtendedError, extendedErrorName } from "./extended-error.ts";
export { Flag, OPCODE_MASK, opcodeOf, RCODE_MASK, Rcode, rcodeName } from "./header.ts";
export { readUint16, readUint32, writeUint16, writeUint32 } from "./integers.ts";
export {
  RESPONSE_MISMATCHES,
  type ResponseMismatch,
  responseMismatch,
  scrambleCase,
} from "./match-response.ts";
export { MAX_RECORDS, MESSAGE_REFUSALS, Message, type MessageRefusal } from "./message.ts";
export { MessageWriter } from "./message-writer.ts";
export {
  copyLower,
  hashName,
  isHostName,
  isWithin,
  LOWER,
  labelCount,
  MAX_LABEL_BYTES,
  MAX_LABELS,
  MAX_NAME_BYTES,
  nameEnd,
  nameLength,
  parentAt,
  ROOT,
  sameName,
} from "./name.ts";
export { NameCompressor } from "./name-compressor.ts";
export { absoluteNameText, nameProblem, nameText, parseName, writeNameOfText } from "./name-text.ts";
export {
  EDNS_UDP_BYTES,
  OPT_BYTES,
  OptWriter,
  QUERY_PADDING_BYTES,
  RESPONSE_PADDING_BYTES,
} from "./opt-writer.ts";
export { optionsText } from "./options-text.ts";
export { givesPrivateAddress, isPrivateIpv4, isPrivateIpv6 } from "./private-address.ts";
export { MIN_UDP_BYTES, Query } from "./query.ts";
export { QUERY_REFUSALS, type QueryRefusal, QueryVerdict } from "./query-refusal.ts";
export { bitmapTypes, findParameter, parseRdata, rdataText, SvcKey } from "./rdata/mod.ts";
export { readMessage } from "./read-message.ts";
export { readQuery } from "./read-query.ts";
export { RecordTable, Section } from "./record-table.ts";
export {
  className,
  parseClass,
  parseType,
  RecordClass,
  RecordType,
  TYPE_NAMES,
  typeName,
} from "./record-type.ts";
export { type ReverseNetwork, reverseName, reverseNetwork } from "./reverse-name.ts";
