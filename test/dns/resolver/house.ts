import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { Resolver, type ResolverOptions } from "../../../src/dns/resolver/mod.ts";
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
import { type QueryFields, queryBytes } from "../queries.ts";
import { type Asked, FakeServer } from "../upstream/fake-server.ts";

const PATIENT_MS = 20_000;

/** What a client got, as people read it. */
export interface Told {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly id: number;
  readonly flags: number;
  readonly ttls: readonly number[];
  readonly authority: readonly string[];
  readonly error: string;
}

export function told(bytes: Uint8Array): Told {
  const message = new Message();
  if (!readMessage(message, bytes, 0, bytes.length)) throw new Error(`cannot read the answer: ${message.refusal}`);
  const { records, starts } = message;
  const section = (which: number) =>
    Array.from({ length: message.count(which) }, (_, at) => starts[which]! + at).filter((at) => at !== message.opt);
  const text = (at: number) => {
    const type = records.type(at);
    return `${typeName(type)} ${rdataText(type, 1, bytes, 0, records.rdataFrom(at), records.rdataTo(at))}`;
  };
  const hasOpt = message.opt >= 0;
  return {
    text: [rcodeName(message.rcode), ...section(Section.answer).map(text)].join(" "),
    bytes,
    id: message.id,
    flags: message.flags,
    ttls: section(Section.answer).map((at) => message.ttl(bytes, at)),
    authority: section(Section.authority).map(text),
    error: hasOpt ? optionsText(bytes, records.rdataFrom(message.opt), records.rdataTo(message.opt)) : "",
  };
}

export const hasFlag = ({ flags }: Told, flag: keyof typeof Flag) => (flags & Flag[flag]) !== 0;

/** A resolver with upstreams that do as a test wants. */
export async function openHouse(
  answers: ((asked: Asked) => void) | readonly ((asked: Asked) => void)[],
  options: Partial<ResolverOptions> & {
    /** Of the first; others have time on a busy machine too. */
    readonly timeoutMs?: number;
  } = {},
) {
  const servers = await Promise.all([answers].flat().map((answer) => FakeServer.open(answer)));
  const cache = new AnswerWriter(new ArrayBuffer(1 << 18), { seed: 5 });
  const { timeoutMs = PATIENT_MS, ...others } = options;
  const upstreams = servers.map(({ address }, index) => ({ address, timeoutMs: index === 0 ? timeoutMs : PATIENT_MS }));
  const resolver = new Resolver({ upstreams, cache, ...others });
  const sent = (bytes: Uint8Array, isDatagram = true) =>
    new Promise<Told>((resolve) =>
      resolver.ask(bytes, isDatagram, (answer, length) => resolve(told(answer.slice(0, length)))),
    );
  return {
    servers,
    server: servers[0]!,
    cache,
    resolver,
    sent,
    ask: (name: string, type = "A", fields: QueryFields = {}) => sent(queryBytes(name, type, fields)),
    async [Symbol.asyncDispose]() {
      resolver.stop();
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}
