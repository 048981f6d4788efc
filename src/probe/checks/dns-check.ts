import { getRandomValues } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  EDNS_UDP_BYTES,
  Flag,
  Message,
  MessageWriter,
  OptWriter,
  parseName,
  parseRdata,
  Rcode,
  RecordClass,
  rcodeName,
  rdataText,
  readMessage,
  Section,
  typeName,
} from "../../wire/dns/mod.ts";
import type { Facts, Outcome } from "../health/mod.ts";
import { askByTcp, askByUdp, type DnsDialogue, type DnsQuery } from "./dns-dialogue.ts";
import { failureWords, inTime, withPort } from "./words.ts";

export interface DnsCheck {
  /** The server: an address, or a name that the system resolves. */
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly type: number;
  /** Data that the answer must have, as zone files write them: `192.0.2.7`. @default {any} */
  readonly answer?: readonly string[] | undefined;
  readonly timeoutMs: number;
  /** An answer that takes longer is slow. */
  readonly slowMs: number;
  readonly signal?: AbortSignal | undefined;
}

const MAX_QUERY_BYTES = 512;
/** Of answers in a reason. */
const MAX_SHOWN = 4;

/** Asks a name server for a name: by UDP, and by TCP where the answer does not fit. */
export async function checkDns(check: DnsCheck): Promise<Outcome> {
  const { host, port, timeoutMs, signal } = check;
  const where = withPort(host, port);
  const startedMs = performance.now();
  try {
    const address = isIP(host.replace(/%.*/, "")) === 0 ? (await inTime(lookup(host), timeoutMs))?.address : host;
    if (address === undefined)
      return down(`the name of ${where} is not known: give the server's address instead of its name`);
    const dialogue = { address, port, query: queryOf(check), untilMs: startedMs + timeoutMs, signal };
    const bytes = await ask(dialogue);
    if (bytes === "tcp-cut")
      return down(
        `the answer does not fit a datagram, and ${where} gives none by TCP: does a firewall close its port?`,
      );
    if (bytes === undefined)
      return down(
        `no answer from ${where} within ${timeoutMs / 1000} s: does it run, and does a firewall let us through?`,
      );
    return outcomeOf(bytes, check, performance.now() - startedMs);
  } catch (error) {
    return down(wordsOf(error, where, timeoutMs));
  }
}

async function ask(dialogue: DnsDialogue): Promise<Uint8Array | "tcp-cut" | undefined> {
  const bytes = await askByUdp(dialogue);
  const isCut = bytes !== undefined && (bytes[2]! & (Flag.truncated >> 8)) !== 0;
  if (!isCut) return bytes;
  return (await askByTcp(dialogue).catch(() => undefined)) ?? "tcp-cut";
}

function wordsOf(error: unknown, where: string, timeoutMs: number): string {
  const code = (error as { code?: unknown }).code;
  if (code === "ECONNREFUSED") return `nothing listens on ${where}: is it running?`;
  if (code === "ENETUNREACH" || code === "EHOSTUNREACH") return `no route leads to ${where}: is the network up?`;
  return failureWords(error, where, timeoutMs);
}

function queryOf({ name, type }: DnsCheck): DnsQuery {
  const writer = new MessageWriter();
  const out = new Uint8Array(MAX_QUERY_BYTES);
  const id = getRandomValues(new Uint16Array(1))[0]!;
  writer.begin(out, 0, MAX_QUERY_BYTES);
  writer.header(id, Flag.recursionDesired);
  writer.question(parseName(name)!, 0, type, RecordClass.in);
  const questionEnd = writer.at;
  new OptWriter().begin(writer, EDNS_UDP_BYTES, false);
  return { bytes: out.subarray(0, writer.finish()), questionEnd };
}

/** One for all probes: an answer is judged at once. */
const message = new Message(512);

function outcomeOf(bytes: Uint8Array, check: DnsCheck, latencyMs: number): Outcome {
  const { name, type, answer, slowMs } = check;
  const facts: Facts = { latencyMs };
  if (!readMessage(message, bytes, 0, bytes.length))
    return down(`its answer is no sound DNS message (${message.refusal}): see what listens there`, facts);
  const { rcode } = message;
  if (rcode === Rcode.refused && answer === undefined)
    return { result: "restricted", facts, reason: "it is up and refuses this question: allow this machine's address" };
  if (rcode !== Rcode.noError) return down(rcodeWords(rcode, name), facts);
  const found = textsOf(bytes, type);
  const question = `${typeName(type)} record of ${name}`;
  if (found.length === 0) return down(`it knows no ${question}`, facts);
  const missing = (answer ?? []).filter((each) => !found.includes(canonical(each, type)));
  if (missing.length > 0)
    return down(`the ${question} is ${shown(found)}, but ${missing.join(", ")} was expected`, facts);
  if (latencyMs > slowMs) return { result: "degraded", facts, reason: `slow: ${Math.round(latencyMs)} ms` };
  return { result: "up", facts };
}

function rcodeWords(rcode: number, name: string): string {
  if (rcode === Rcode.nxDomain) return `it says that there is no name ${name}`;
  if (rcode === Rcode.servFail)
    return "it answers SERVFAIL: it cannot reach its own upstream, or does not trust the answer";
  return `it answers ${rcodeName(rcode)}`;
}

/** Data of the answer's records of a type, without those of CNAMEs before them. */
function textsOf(bytes: Uint8Array, type: number): string[] {
  const { records, starts } = message;
  const texts: string[] = [];
  for (let index = starts[Section.answer]!; index < starts[Section.answer + 1]!; index++) {
    if (records.type(index) !== type) continue;
    texts.push(
      rdataText(type, records.class(index), bytes, 0, records.rdataFrom(index), records.rdataTo(index)).toLowerCase(),
    );
  }
  return texts;
}

/**
 * Returns data as the texts of answers have them, whatever way they are written.
 *
 * @throws {TenkError} `invalid-option` where they are no data of this type
 */
export function canonical(text: string, type: number): string {
  const data = parseRdata(type, text);
  return rdataText(type, RecordClass.in, data, 0, 0, data.length).toLowerCase();
}

function shown(texts: readonly string[]): string {
  const some = texts.slice(0, MAX_SHOWN).join(", ");
  return texts.length > MAX_SHOWN ? `${some} and ${texts.length - MAX_SHOWN} more` : some;
}

function down(reason: string, facts: Facts = {}): Outcome {
  return { result: "down", facts, reason };
}
