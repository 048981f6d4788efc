import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer, type Http2SecureServer, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { Upstream, type UpstreamOptions } from "../../../src/dns/upstream/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { selfSigned } from "../../net/self-signed.ts";
import { until } from "../../net/support.ts";
import { questionOf, replyTo } from "./replies.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-doh-"));
const own = selfSigned(folder, "own");
const other = selfSigned(folder, "other");
afterAll(() => rmSync(folder, { recursive: true }));

const QUESTION = { name: parseName("www.example")!, type: 1, wantsDnssec: false, checkingDisabled: false };
const RIGHT = { answer: ["www.example 60 A 192.0.2.1"] };
const OK = { ":status": 200, "content-type": "application/dns-message" };

interface Posted {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Uint8Array;
  readonly stream: ServerHttp2Stream;
  readonly reply: (body: Uint8Array, headers?: Record<string, string | number>) => void;
}

/** A server for DNS over HTTPS that does whatever a test wants with what is posted. */
class FakeHttps implements AsyncDisposable {
  readonly posted: Posted[] = [];
  readonly sessions: Http2Session[] = [];
  readonly sockets: TLSSocket[] = [];
  readonly #server: Http2SecureServer;
  answer: (posted: Posted) => void;

  private constructor(server: Http2SecureServer, answer: (posted: Posted) => void) {
    this.#server = server;
    this.answer = answer;
    server.on("secureConnection", (socket) => this.sockets.push(socket));
    server.on("session", (session) => this.sessions.push(session.on("error", () => {})));
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      const parts: Buffer[] = [];
      stream.on("error", () => {}).on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const reply: Posted["reply"] = (body, fields = OK) => {
          stream.respond(fields);
          stream.end(body);
        };
        const posted = { headers, bytes: new Uint8Array(Buffer.concat(parts)), stream, reply };
        this.posted.push(posted);
        this.answer(posted);
      });
    });
  }

  static async open(answer: (posted: Posted) => void): Promise<FakeHttps> {
    const server = createSecureServer({ cert: readFileSync(own.cert), key: readFileSync(own.key) });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FakeHttps(server, answer);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function answerAll({ bytes, reply }: Posted): void {
  reply(replyTo(bytes, RIGHT));
}

function upstreamOf({ port }: FakeHttps, options: Partial<UpstreamOptions> = {}): Upstream & Disposable {
  const address = `https://127.0.0.1:${port}/dns-query`;
  const upstream = new Upstream({ address, ca: own.cert, timeoutMs: 20_000, ...options });
  return Object.assign(upstream, { [Symbol.dispose]: () => upstream.stop() });
}

/** What asking comes to: `answer`, or why there is none. */
function ask(upstream: Upstream): Promise<string> {
  return new Promise((resolve) =>
    upstream.ask(QUESTION, (answer, failure) => resolve(failure ?? `answer of ${answer!.message.count(1)}`)),
  );
}

describe("a query by HTTPS", () => {
  test("is posted with ID 0, in lower case, padded, and its answer taken (RFC 8484)", async () => {
    await using server = await FakeHttps.open(answerAll);
    using upstream = upstreamOf(server);
    expect(await ask(upstream)).toBe("answer of 1");
    const { headers, bytes } = server.posted[0]!;
    expect(headers).toMatchObject({
      ...{ ":method": "POST", ":path": "/dns-query", ":authority": `127.0.0.1:${server.port}` },
      ...{ "content-type": "application/dns-message", accept: "application/dns-message", "content-length": "128" },
    });
    expect([bytes[0], bytes[1], bytes.length, questionOf(bytes).text]).toEqual([0, 0, 128, "www.example"]);
    expect(upstream.inFlight).toBe(0);
  });

  test("finds a host by the given lookup, and names it to the server", async () => {
    await using server = await FakeHttps.open(answerAll);
    const names: string[] = [];
    const lookup = async (name: string) => {
      names.push(name);
      return ["127.0.0.1"];
    };
    using upstream = upstreamOf(server, { address: `https://DNS.example:${server.port}/q?a=b`, lookup });
    expect([await ask(upstream), names]).toEqual(["answer of 1", ["dns.example"]]);
    expect(server.posted[0]!.headers).toMatchObject({ ":path": "/q?a=b", ":authority": `dns.example:${server.port}` });
  });

  test.each([
    ["an address with the certificate's name", "#dns.example", own.cert, "answer of 1"],
    ["the name of another", "#other.example", own.cert, "unreachable"],
    ["an authority that is not trusted", "", other.cert, "unreachable"],
  ])("%s", async (_, name, ca, expected) => {
    await using server = await FakeHttps.open(answerAll);
    using upstream = upstreamOf(server, { address: `https://127.0.0.1:${server.port}/dns-query${name}`, ca });
    expect(await ask(upstream)).toBe(expected);
    expect(server.posted).toHaveLength(expected === "unreachable" ? 0 : 1);
  });

  test("shares one connection with fifty others, and answers may come in any order", async () => {
    await using server = await FakeHttps.open(() => {
      if (server.posted.length === 50) for (const posted of server.posted.toReversed()) answerAll(posted);
    });
    using upstream = upstreamOf(server);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => ask(upstream)));
    expect(new Set(outcomes)).toEqual(new Set(["answer of 1"]));
    expect(server.sessions).toHaveLength(1);
  });

  test.each<[string, (posted: Posted) => void, string]>([
    ["with status 404", ({ reply }) => reply(Buffer.from("no"), { ":status": 404 }), "http-status"],
    ["with status 204", ({ reply }) => reply(new Uint8Array(0), { ":status": 204 }), "http-status"],
    [
      "with a web page",
      ({ reply }) => reply(Buffer.from("<p>"), { ...OK, "content-type": "text/html" }),
      "content-type",
    ],
    ["without a content type", ({ bytes, reply }) => reply(replyTo(bytes), { ":status": 200 }), "content-type"],
    ["that is too long", ({ reply }) => reply(new Uint8Array(65_536)), "malformed"],
    ["that is empty", ({ reply }) => reply(new Uint8Array(0)), "mismatch"],
    [
      "that cannot be read",
      ({ bytes, reply }) => reply(Buffer.concat([replyTo(bytes), Buffer.from("x")])),
      "malformed",
    ],
    [
      "with another ID",
      ({ bytes, reply }) => reply(replyTo(Buffer.concat([Buffer.from("ab"), bytes.subarray(2)]))),
      "mismatch",
    ],
    ["that is never given", () => {}, "timeout"],
  ])("an answer %s fails", async (_, spoil, expected) => {
    await using server = await FakeHttps.open(spoil);
    using upstream = upstreamOf(server, { timeoutMs: expected === "timeout" ? 300 : 20_000 });
    expect(await ask(upstream)).toBe(expected);
    expect([upstream.inFlight, upstream.counts.failures[expected as "timeout"]]).toEqual([0, 1]);
    server.answer = answerAll;
    // More than once on a machine that is slow.
    while ((await ask(upstream)) !== "answer of 1") expect(expected).toBe("timeout");
  });

  test("a content type may have parameters, in any case", async () => {
    await using server = await FakeHttps.open(({ bytes, reply }) =>
      reply(replyTo(bytes, RIGHT), { ...OK, "content-type": "Application/DNS-Message ; charset=none" }),
    );
    using upstream = upstreamOf(server);
    expect(await ask(upstream)).toBe("answer of 1");
  });
});

describe("a connection of HTTPS", () => {
  test("that the server closed while it was idle is opened again", async () => {
    await using server = await FakeHttps.open(answerAll);
    using upstream = upstreamOf(server);
    expect(await ask(upstream)).toBe("answer of 1");
    server.sessions[0]!.close();
    await until(() => server.sessions[0]!.destroyed);
    expect(await ask(upstream)).toBe("answer of 1");
    expect([server.sessions.length, server.posted.length]).toEqual([2, 2]);
  });

  test("that dies with queries on it is opened again, and they are sent once more", async () => {
    await using server = await FakeHttps.open(answerAll);
    using upstream = upstreamOf(server);
    await ask(upstream);
    server.answer = (posted) => {
      if (server.sessions.length > 1) answerAll(posted);
      else if (server.posted.length === 11) server.sockets[0]!.destroy();
    };
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => ask(upstream)));
    expect(new Set(outcomes)).toEqual(new Set(["answer of 1"]));
    expect([server.sessions.length, upstream.counts.failures.closed]).toEqual([2, 0]);
  });

  test("that dies again fails its queries", async () => {
    await using server = await FakeHttps.open(answerAll);
    using upstream = upstreamOf(server);
    await ask(upstream);
    server.answer = () => server.sockets.at(-1)!.destroy();
    expect(await Promise.all([ask(upstream), ask(upstream)])).toEqual(["closed", "closed"]);
    expect(server.sessions).toHaveLength(2);
  });

  test("on which nothing comes any more is given up", async () => {
    let silent = 0;
    await using server = await FakeHttps.open((posted) => {
      if (server.sessions.length > silent) answerAll(posted);
    });
    using upstream = upstreamOf(server, { timeoutMs: 500 });
    // More than once on a machine that is slow.
    while ((await ask(upstream)) !== "answer of 1");
    silent = server.sessions.length;
    while ((await ask(upstream)) !== "answer of 1");
    expect(server.sessions.length).toBeGreaterThan(silent);
  });

  test("that the server leaves (GOAWAY) answers what it has taken, and other queries go to a new one", async () => {
    const taken: Posted[] = [];
    await using server = await FakeHttps.open((posted) => void taken.push(posted));
    using upstream = upstreamOf(server);
    const first = ask(upstream);
    await until(() => taken.length === 1);
    server.sessions[0]!.goaway(0, taken[0]!.stream.id!);
    server.answer = answerAll;
    while (server.sessions.length < 2) expect(await ask(upstream)).toBe("answer of 1");
    answerAll(taken[0]!);
    expect(await first).toBe("answer of 1");
    expect(upstream.counts.failures).toMatchObject({ closed: 0, unreachable: 0 });
  });

  test("to nobody fails, and to who is stopped as well", async () => {
    const server = await FakeHttps.open(() => {});
    using upstream = upstreamOf(server);
    const waiting = ask(upstream);
    await until(() => server.posted.length === 1);
    upstream.stop();
    expect([await waiting, await ask(upstream)]).toEqual(["stopped", "stopped"]);
    using late = upstreamOf(server);
    await server[Symbol.asyncDispose]();
    expect(await ask(late)).toBe("unreachable");
  });
});
