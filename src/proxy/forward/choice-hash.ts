import type { HttpForward } from "../../part/mod.ts";
import { hashOf, hashOfBytes } from "../../targets/mod.ts";
import { equalsIgnoringCase, FIELD_STRIDE, type Head } from "../../wire/http1/mod.ts";

/** Returns what a balance by hash chooses by. `head` and `bytes` are borrowed. */
export type ChoiceHash = (head: Head, bytes: Uint8Array, clientAddress: string) => number;

const NONE: ChoiceHash = () => 0;
const OF_SOURCE: ChoiceHash = (_, __, clientAddress) => hashOf(clientAddress);
/** Path and query, as they were sent. */
const OF_URI: ChoiceHash = (head, bytes) => hashOfBytes(bytes, head.targetStart, head.targetEnd);

export function choiceHashFor({ balance, hashHeader = "" }: Pick<HttpForward, "balance" | "hashHeader">): ChoiceHash {
  if (balance === "source-hash") return OF_SOURCE;
  if (balance === "uri-hash") return OF_URI;
  return balance === "header-hash" ? ofHeader(new TextEncoder().encode(hashHeader.toLowerCase())) : NONE;
}

/** Requests without the header all have the same hash, and with it the same target. */
function ofHeader(name: Uint8Array): ChoiceHash {
  return ({ fields, count }, bytes) => {
    for (let at = 0; at < count * FIELD_STRIDE; at += FIELD_STRIDE) {
      const [nameStart, nameEnd] = [fields[at] as number, fields[at + 1] as number];
      if (!equalsIgnoringCase(bytes, nameStart, nameEnd, name)) continue;
      return hashOfBytes(bytes, fields[at + 2] as number, fields[at + 3] as number);
    }
    return 0;
  };
}
