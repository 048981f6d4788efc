import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { Upstream } from "../../../src/dns/upstream/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { selfSigned } from "../../net/self-signed.ts";
import { type Asked, FakeServer } from "./fake-server.ts";
import { replyTo } from "./replies.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-dot-"));
const own = selfSigned(folder, "own");
const other = selfSigned(folder, "other");
afterAll(() => rmSync(folder, { recursive: true }));

const QUESTION = { name: parseName("www.example")!, type: 1, wantsDnssec: false, checkingDisabled: false };

function answerAll({ bytes, reply }: Asked): void {
  reply(replyTo(bytes, { answer: ["www.example 60 A 192.0.2.1"] }));
}

/** What asking comes to: `answer`, or why there is none. */
function ask(upstream: Upstream): Promise<string> {
  return new Promise((resolve) =>
    upstream.ask(QUESTION, (answer, failure) => resolve(failure ?? `answer of ${answer!.message.count(1)}`)),
  );
}

function opened(answer = answerAll): Promise<FakeServer> {
  return FakeServer.open(answer, { cert: readFileSync(own.cert), key: readFileSync(own.key) });
}

function upstreamOf(server: FakeServer, name = "", ca = own.cert): Upstream & Disposable {
  const upstream = new Upstream({ address: `tls://${server.address}${name}`, ca, timeoutMs: 20_000 });
  return Object.assign(upstream, { [Symbol.dispose]: () => upstream.stop() });
}

describe("queries by TLS", () => {
  test.each([
    ["its address", "", false],
    ["its name", "#dns.example", "dns.example"],
  ])("are answered by a server with a certificate for %s, which is told the name alone", async (_, name, told) => {
    const names: unknown[] = [];
    await using server = await opened((asked) => {
      names.push((asked.socket as TLSSocket).servername ?? false);
      answerAll(asked);
    });
    using upstream = upstreamOf(server, name);
    expect(await ask(upstream)).toBe("answer of 1");
    expect(names).toEqual([told]);
  });

  test.each([
    ["for another name", "#other.example", own.cert],
    ["of an authority that is not trusted", "", other.cert],
    ["of an authority that is not trusted, for the name", "#dns.example", other.cert],
  ])("are not sent to a server with a certificate %s", async (_, name, ca) => {
    await using server = await opened();
    using upstream = upstreamOf(server, name, ca);
    expect(await ask(upstream)).toBe("unreachable");
    expect(server.count).toBe(0);
    expect([upstream.inFlight, upstream.counts.failures.unreachable]).toEqual([0, 1]);
  });

  test("share one connection, which is opened again when the server has closed it", async () => {
    await using server = await opened((asked) => {
      if (server.count === 21) asked.socket!.destroy();
      else answerAll(asked);
    });
    using upstream = upstreamOf(server);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask(upstream)));
    expect(new Set(outcomes)).toEqual(new Set(["answer of 1"]));
    expect(server.connections).toBe(1);
    expect(await ask(upstream)).toBe("answer of 1");
    expect([server.count, server.connections]).toEqual([22, 2]);
  });
});
