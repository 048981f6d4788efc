import { createSocket } from "node:dgram";
import {
  expandName,
  Flag,
  Message,
  nameText,
  rcodeName,
  rdataText,
  readMessage,
  Section,
  typeName,
} from "../../../src/wire/dns/mod.ts";
import { type QueryFields, queryBytes } from "../queries.ts";

export interface Asked extends Pick<QueryFields, "udpBytes" | "wantsDnssec" | "flags"> {
  readonly name: string;
  readonly type: number;
}

const IN_FLIGHT = 40;
/** A question whose answer got lost is asked again. */
const AGAIN_MS = 1500;
const ATTEMPTS = 6;

/** Asks all questions by UDP, several at a time. @returns the answers as text, in the order of the questions */
export async function askAll(port: number, questions: readonly Asked[]): Promise<string[]> {
  const socket = createSocket("udp4");
  const waiting = new Map<number, (bytes: Uint8Array) => void>();
  socket.on("message", (bytes) => waiting.get(bytes.readUInt16BE(0))?.(bytes));
  const answers: string[] = [];
  let next = 0;
  async function askInTurn(): Promise<void> {
    for (let at = next++; at < questions.length; at = next++) answers[at] = await askOne(at);
  }
  async function askOne(at: number): Promise<string> {
    const id = at & 0xffff;
    const { name, type, udpBytes, ...fields } = questions[at]!;
    const query = queryBytes(name, `TYPE${type}`, { id, ...fields, ...(udpBytes !== undefined && { udpBytes }) });
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const bytes = await new Promise<Uint8Array | undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), AGAIN_MS * attempt);
        waiting.set(id, (answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
        socket.send(query, port, "127.0.0.1");
      });
      waiting.delete(id);
      if (bytes !== undefined) return textOf(new Uint8Array(bytes));
    }
    return "no answer";
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, askInTurn));
  socket.close();
  return answers;
}

/** An answer as text: the order of records, the case of names and TTLs do not matter. */
export function textOf(bytes: Uint8Array): string {
  const message = new Message();
  if (!readMessage(message, bytes, 0, bytes.length)) return `unreadable: ${message.refusal}`;
  const { records, starts } = message;
  const owner = new Uint8Array(256);
  const lines: string[] = [];
  for (let at = starts[Section.answer]!; at < starts[Section.authority]!; at++) {
    expandName(bytes, 0, bytes.length, records.nameAt(at), owner, 0);
    const type = records.type(at);
    const data = rdataText(type, 1, bytes, 0, records.rdataFrom(at), records.rdataTo(at));
    lines.push(`${nameText(owner)} ${typeName(type)} ${data}`.toLowerCase());
  }
  const isTruncated = (message.flags & Flag.truncated) !== 0;
  if (isTruncated) return "TRUNCATED";
  const hasSoa = message.count(Section.authority) > 0;
  const edns = message.opt >= 0 ? " EDNS" : "";
  return [`${rcodeName(message.rcode)}${edns}`, ...lines.sort(), ...(lines.length === 0 && hasSoa ? ["SOA"] : [])].join(
    "\n",
  );
}
