import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { CHAIN_COUNTS, ChainCount } from "../../../src/dns/chain/mod.ts";
import { guardSettings } from "../../../src/dns/guard/mod.ts";
import { openUdpListener } from "../../../src/dns/listeners/mod.ts";
import { NamePages, PageBuilder } from "../../../src/dns/pages/mod.ts";
import { Resolver } from "../../../src/dns/resolver/mod.ts";
import type { UdpServer } from "../../../src/net/mod.ts";
import { freePort, until } from "../../net/support.ts";
import { Client } from "../../net/udp/client.ts";
import { queryBytes } from "../queries.ts";
import { told } from "./house.ts";

/** Debian's dnsmasq-base. */
const DNSMASQ = "/usr/sbin/dnsmasq";
const TEXT = "x".repeat(250);
const ZONE = [
  ...["--host-record=www.example,198.51.100.7,2001:db8::7", "--host-record=inside.example,192.168.7.7"],
  ...["--cname=alias.example,www.example", "--mx-host=example,mail.example,10", "--address=/none.example/"],
  ...Array.from({ length: 8 }, (_, at) => `--txt-record=long.example,${at}${TEXT}`),
];

if (!existsSync(DNSMASQ)) {
  test.skipIf(process.env.CI !== "true")("dnsmasq cannot be asked: it is not installed", () => {
    throw new Error("This check needs dnsmasq, and must not be left out in CI");
  });
}

/** Clients, the UDP listener on its thread, the resolver here, and dnsmasq as the upstream. */
describe.skipIf(!existsSync(DNSMASQ))("misses of the UDP listener, answered by dnsmasq", () => {
  let dnsmasq: ChildProcess;
  let resolver: Resolver;
  let listener: UdpServer;
  let client: Client;
  let counts: Float64Array;

  beforeAll(async () => {
    const port = await freePort();
    const fixed = [
      "--no-daemon",
      "--no-resolv",
      "--no-hosts",
      "--conf-file=/dev/null",
      "--bind-interfaces",
      "--pid-file=",
    ];
    const place = ["--listen-address=127.0.0.1", `--port=${port}`, "--local-ttl=300", "--local=/example/"];
    dnsmasq = spawn(DNSMASQ, [...fixed, ...place, ...ZONE], { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    dnsmasq.stderr!.on("data", (bytes: Buffer) => {
      log += bytes;
    });
    await until(() => log.includes("started") || dnsmasq.exitCode !== null);
    if (dnsmasq.exitCode !== null) throw new Error(`dnsmasq did not start: ${log}`);

    const pages = new NamePages({ seed: 77, maxBytes: 1 << 20 });
    const build = new PageBuilder(pages).build([]);
    let built = build.next();
    while (!built.done) built = build.next();
    const cache = new AnswerWriter(new SharedArrayBuffer(1 << 18), { seed: 5 });
    const row = new SharedArrayBuffer(CHAIN_COUNTS * 8);
    counts = new Float64Array(row);
    resolver = new Resolver({ upstreams: [{ address: `127.0.0.1:${port}`, timeoutMs: 20_000 }], cache });
    listener = await openUdpListener({
      hosts: ["127.0.0.1"],
      port: 0,
      start: () => ({
        guard: guardSettings(),
        block: { pages: pages.memory, seed: pages.seed, rules: built.value!.rules, lists: 0 },
        local: { records: [], own: [], networks: [], ttlSeconds: 60 },
        cache: cache.buffer as SharedArrayBuffer,
        ages: {},
        counts: row,
        blockMode: "null-address",
        blockTtlSeconds: 10,
        bypassSignals: true,
      }),
      missed: (bytes, asker) =>
        resolver.ask(bytes, true, (answer, length) => void listener.answer(asker, answer, length)),
      aged: (bytes) => resolver.refresh(bytes),
    });
    client = await Client.open(listener.port);
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await listener.stop();
    resolver.stop();
    dnsmasq.kill();
  });

  async function ask(name: string, type: string, udpBytes?: number) {
    await client.send(queryBytes(name, type, udpBytes === undefined ? {} : { udpBytes }));
    return told((await client.next()).bytes);
  }

  test.each([
    ["www.example", "A", "NOERROR A 198.51.100.7"],
    ["WWW.Example", "AAAA", "NOERROR AAAA 2001:db8::7"],
    ["alias.example", "A", "NOERROR CNAME www.example. A 198.51.100.7"],
    ["example", "MX", "NOERROR MX 10 mail.example."],
    ["www.example", "TXT", "NOERROR"],
    ["missing.example", "A", "NXDOMAIN"],
    ["inside.example", "A", "NOERROR"],
  ])("%s %s: %s", async (name, type, expected) => {
    expect((await ask(name, type)).text).toBe(expected);
  });

  test("the second time it is answered from memory", async () => {
    await ask("www.example", "A");
    const before = counts[ChainCount.cached]!;
    expect((await ask("WWW.example", "A")).text).toBe("NOERROR A 198.51.100.7");
    expect(counts[ChainCount.cached]).toBe(before + 1);
  });

  test("what no datagram carries is fetched by TCP, and truncated for who asks by UDP", async () => {
    const { upstream } = resolver.upstreams.members[0]!;
    const before = upstream.counts.byTcp;
    expect((await ask("long.example", "TXT", 1232)).flags & 0x0200).toBe(0x0200);
    expect(upstream.counts.byTcp).toBe(before + 1);
  });

  test("fifty at once are all answered, each with its own ID", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => 1000 + index);
    for (const id of ids) await client.send(queryBytes(`n${id % 5}.example`, "A", { id }));
    const answers: number[] = [];
    for (const _ of ids) answers.push(told((await client.next()).bytes).id);
    expect(answers.sort((a, b) => a - b)).toEqual(ids);
  });
});
