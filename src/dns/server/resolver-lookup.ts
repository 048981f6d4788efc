import { isIP } from "node:net";
import { TenkError } from "../../base/mod.ts";
import {
  Flag,
  Message,
  MessageWriter,
  parseName,
  RecordClass,
  RecordType,
  readMessage,
  Section,
} from "../../wire/dns/mod.ts";
import { formatIp } from "../../wire/mod.ts";
import type { FetchOptions } from "../lists/mod.ts";
import type { Resolver } from "../resolver/mod.ts";

const MAX_QUERY_BYTES = 300;

/**
 * Returns a lookup of hosts by our own upstreams. The system's may be this name server itself, which listens only after its lists
 * are read.
 */
export function resolverLookup(resolver: () => Resolver): NonNullable<FetchOptions["lookup"]> {
  return async (host) => {
    if (isIP(host) !== 0) return [host];
    const name = parseName(host);
    if (name === undefined) throw notFound(host);
    const found = await Promise.all([RecordType.a, RecordType.aaaa].map((type) => addressesOf(resolver(), name, type)));
    if (found.flat().length === 0) throw notFound(host);
    return found.flat();
  };
}

function addressesOf(resolver: Resolver, name: Uint8Array, type: number): Promise<string[]> {
  const query = new Uint8Array(MAX_QUERY_BYTES);
  const writer = new MessageWriter();
  writer.begin(query, 0, MAX_QUERY_BYTES);
  writer.header(0, Flag.recursionDesired);
  writer.question(name, 0, type, RecordClass.in);
  const length = writer.finish();
  return new Promise((resolve) => {
    resolver.ask(query.subarray(0, length), false, (answer, answerLength) => {
      const message = new Message();
      if (!readMessage(message, answer, 0, answerLength)) return resolve([]);
      const { records, starts } = message;
      const addresses: string[] = [];
      for (let at = starts[Section.answer]!; at < starts[Section.authority]!; at++)
        if (records.type(at) === type)
          addresses.push(formatIp(answer.slice(records.rdataFrom(at), records.rdataTo(at))));
      resolve(addresses);
    });
  });
}

function notFound(host: string): TenkError {
  return new TenkError("request-failed", `Cannot find ${host}: no upstream of dns.upstreams knows it`);
}
