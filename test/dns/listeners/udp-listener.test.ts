import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { CHAIN_COUNTS, ChainCount } from "../../../src/dns/chain/mod.ts";
import { guardSettings } from "../../../src/dns/guard/mod.ts";
import { type ChainSettings, openUdpListener } from "../../../src/dns/listeners/mod.ts";
import { machineNetworks } from "../../../src/dns/local/mod.ts";
import { readEntry } from "../../../src/dns/log/entry.ts";
import { LogRing, LogVerdict } from "../../../src/dns/log/mod.ts";
import { type BuildResult, NamePages, PageBuilder } from "../../../src/dns/pages/mod.ts";
import type { DatagramAsker } from "../../../src/net/mod.ts";
import { Message, parseName, rcodeName, rdataText, readMessage, Section, typeName } from "../../../src/wire/dns/mod.ts";
import { until } from "../../net/support.ts";
import { Client } from "../../net/udp/client.ts";
import { answer } from "../answers/questions.ts";
import { queryBytes } from "../queries.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-dns-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A listener with a block list and a name of this machine; what misses goes to `missed`. */
async function open(missed: (bytes: Uint8Array, asker: DatagramAsker) => void = () => {}, logBytes = 4096) {
  const list = join(folder, "list.txt");
  writeFileSync(list, "||ads.example^\n0.0.0.0 tracker.example\n/^promo[0-9]+\\./\n");
  const pages = new NamePages({ seed: 77, maxBytes: 1 << 20 });
  const { rules } = built(new PageBuilder(pages).build([{ path: list, list: 0 }]));
  const cache = new AnswerWriter(new SharedArrayBuffer(65_536), { seed: 5 });
  const counts = new SharedArrayBuffer(CHAIN_COUNTS * 8);
  const aged: string[] = [];
  const log = new LogRing(LogRing.make(logBytes));
  let halfFull = 0;
  const start: ChainSettings = {
    guard: guardSettings(),
    block: { pages: pages.memory, seed: pages.seed, rules, lists: 1 },
    local: { records: [], own: [parseName("git.home.arpa")!], networks: machineNetworks(), ttlSeconds: 60 },
    cache: cache.buffer as SharedArrayBuffer,
    ages: {},
    counts,
    blockMode: "null-address",
    blockTtlSeconds: 10,
    bypassSignals: true,
    logs: [log.buffer],
  };
  const server = await openUdpListener({
    hosts: ["127.0.0.1"],
    port: 0,
    start: () => start,
    missed,
    logHalfFull: () => {
      halfFull += 1;
    },
    aged: (bytes) => aged.push(Buffer.from(bytes.subarray(13, 16)).toString()),
  });
  const client = await Client.open(server.port);
  return {
    server,
    client,
    pages,
    cache,
    aged,
    log,
    halfFull: () => halfFull,
    counts: new Float64Array(counts),
    ask: async (name: string, type = "A") => {
      await client.send(queryBytes(name, type));
      return text((await client.next()).bytes);
    },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

/** A build runs in steps, so that whoever builds can do other things between them. */
function built(steps: Generator<void, BuildResult>): BuildResult {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

function text(bytes: Uint8Array): string {
  const message = new Message();
  if (!readMessage(message, bytes, 0, bytes.length)) throw new Error(`cannot read the answer: ${message.refusal}`);
  const { records } = message;
  const texts = [rcodeName(message.rcode)];
  for (let index = message.starts[Section.answer]!; index < message.starts[Section.authority]!; index++) {
    const type = records.type(index);
    texts.push(`${typeName(type)} ${rdataText(type, 1, bytes, 0, records.rdataFrom(index), records.rdataTo(index))}`);
  }
  return texts.join(" ");
}

describe("queries by UDP", () => {
  let shared: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    shared = await open();
  });
  afterAll(() => shared[Symbol.asyncDispose]());

  for (const [name, type, expected] of [
    ["ads.example", "A", "NOERROR A 0.0.0.0"],
    ["sub.ADS.example", "AAAA", "NOERROR AAAA ::"],
    ["tracker.example", "HTTPS", "NOERROR"],
    ["promo7.shop.example", "A", "NOERROR A 0.0.0.0"],
    ["git.home.arpa", "A", "NOERROR A 127.0.0.1"],
    ["other.home.arpa", "A", "NXDOMAIN"],
    ["localhost", "A", "NOERROR A 127.0.0.1"],
    ["7.1.168.192.in-addr.arpa", "PTR", "NXDOMAIN"],
    ["example.org", "ANY", "REFUSED"],
  ] as const) {
    test(`${name} ${type}: ${expected}`, async () => {
      expect(await shared.ask(name, type)).toBe(expected);
    });
  }

  test("what is answered is in the thread's log, with its client", async () => {
    await using listener = await open();
    await listener.ask("ads.example");
    await until(() => listener.log.next() >= 0);
    expect(readEntry(listener.log, listener.log.next(), 1)).toMatchObject({
      ...{ name: "ads.example", verdict: LogVerdict.blocked, lists: 1, labels: 2, client: "127.0.0.1" },
    });
  });

  test("the main thread is called when the log is half full; more is dropped, and answered all the same", async () => {
    await using listener = await open(() => {}, 1024);
    for (let count = 0; count < 30; count++) expect(await listener.ask("ads.example")).toBe("NOERROR A 0.0.0.0");
    await until(() => listener.halfFull() > 0);
    expect([listener.halfFull(), listener.log.dropped > 0]).toEqual([1, true]);
  });

  test("what misses is answered later, and then from memory", async () => {
    await using listener = await open((_, asker) => {
      const { bytes, length } = answer("www.example", 300, 9);
      const sent = bytes.slice();
      sent.set([0x12, 0x34]);
      listener.cache.put(answer("www.example", 300, 9), Math.floor(Date.now() / 1000));
      listener.server.answer(asker, sent, length);
    });
    expect(await listener.ask("www.example")).toBe("NOERROR A 192.0.0.9");
    expect(await listener.ask("WWW.example")).toBe("NOERROR A 192.0.0.9");
    expect([listener.counts[ChainCount.missed], listener.counts[ChainCount.cached]]).toEqual([1, 1]);
  });

  test("a stale answer is given at once, and asked for anew", async () => {
    await using listener = await open();
    listener.cache.put(answer("old.example", 300, 9), Math.floor(Date.now() / 1000) - 400);
    expect(await listener.ask("old.example")).toBe("NOERROR A 192.0.0.9");
    await until(() => listener.aged.length > 0);
    expect(listener.aged).toEqual(["old"]);
  });

  test("a name that is taken off the list is seen by the thread that answers", async () => {
    await using listener = await open((bytes, asker) => void listener.server.answer(asker, bytes, bytes.length));
    expect(await listener.ask("tracker.example")).toBe("NOERROR A 0.0.0.0");
    listener.pages.change({ name: "tracker.example", flags: 0, add: 0, remove: 1 });
    expect(await listener.ask("tracker.example")).toBe("NOERROR");
  });
});
