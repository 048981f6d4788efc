/** DNS over HTTPS as the proxy speaks it with the name server: in the clear, with a secret, the client's address in a header. */
import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { type Asker, Chain } from "../../../src/dns/chain/mod.ts";
import { type HttpsListenerOptions, httpsListener } from "../../../src/dns/listeners/mod.ts";
import { Transport } from "../../../src/dns/log/mod.ts";
import { listen, type Server } from "../../../src/net/mod.ts";
import { formatIp } from "../../../src/wire/mod.ts";
import { chainParts, guardThat } from "../chain/parts.ts";
import { queryBytes } from "../queries.ts";
import { told } from "../resolver/house.ts";

const AUTHORIZATION = "Bearer secret";
const MEDIA_TYPE = "application/dns-message";
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

type Missed = Parameters<HttpsListenerOptions["missed"]>;

async function open(options: Partial<HttpsListenerOptions> = {}, parts: Partial<ReturnType<typeof chainParts>> = {}) {
  const missed: { bytes: Uint8Array; asker: Asker; reply: Missed[2] }[] = [];
  const all = chainParts();
  const askers: string[] = [];
  const guard = { ...guardThat(), refusal: ({ ip }: Asker) => void askers.push(formatIp(ip, 0, 16)) };
  const chain = new Chain({ ...all, guard, ...parts });
  const listener = httpsListener({
    chain: () => chain,
    missed: (bytes, asker, reply) => void missed.push({ bytes: bytes.slice(), asker, reply }),
    aged: () => {},
    authorization: AUTHORIZATION,
    ...options,
  });
  const server = await listen({ host: "127.0.0.1", port: 0, halfOpen: true }, listener);
  servers.push(server);
  const url = `http://127.0.0.1:${server.port}/dns-query`;
  const headers = { authorization: AUTHORIZATION, "x-forwarded-for": "192.0.2.7" };
  return {
    missed,
    askers,
    url,
    get: (path: string, more: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, { ...more, headers: { ...headers, ...more.headers } }),
    post: (content: Uint8Array, more: Record<string, string> = {}) =>
      fetch(url, {
        method: "POST",
        body: new Uint8Array(content),
        headers: { "content-type": MEDIA_TYPE, ...headers, ...more },
      }),
  };
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const QUERY = queryBytes("nas.example", "A", { id: 0 });
const textOf = async (answer: Response) => told(await answer.bytes()).text;

describe("a query by HTTPS", () => {
  test("is answered by GET, POST and HEAD, with its type, length and how long it is valid", async () => {
    const { get, post } = await open();
    const path = `/dns-query?dns=${base64url(QUERY)}`;
    for (const answer of [await get(path), await get(`/dns-query?ct&dns=${base64url(QUERY)}`), await post(QUERY)]) {
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, MEDIA_TYPE]);
      expect(answer.headers.get("cache-control")).toBe("private, max-age=60");
      expect(await textOf(answer)).toBe("NOERROR A 192.0.0.1");
    }
    const head = await get(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), (await head.bytes()).length]).toEqual([200, MEDIA_TYPE, 0]);
    const other = await post(QUERY, { "content-type": `Application/DNS-Message ; charset=x` });
    expect(other.status).toBe(200);
  });

  test.each([
    ["a name that does not exist is valid as long as its SOA says", "x.invalid", "private, max-age=10"],
    ["a blocked one by the TTL of its address", "!ads.example", "private, max-age=10"],
  ])("%s", async (_, name, expected) => {
    const { post } = await open();
    expect((await post(queryBytes(name))).headers.get("cache-control")).toBe(expected);
  });

  test.each([
    ["no query at all", "GET", "/dns-query", 400],
    ["an empty one", "GET", "/dns-query?dns=", 400],
    ["padding", "GET", "/dns-query?dns=AAAB=", 400],
    ["another alphabet", "GET", "/dns-query?dns=AA+/", 400],
    ["an impossible length", "GET", "/dns-query?dns=AAAAA", 400],
    ["percent-encoding", "GET", "/dns-query?dns=AAA%41", 400],
    ["bytes that are no query", "GET", "/dns-query?dns=AAAA", 400],
    ["a query that is too long", "GET", `/dns-query?dns=${"A".repeat(6000)}`, 414],
    ["one that is longer still", "GET", `/dns-query?dns=${"A".repeat(9000)}`, 414],
    ["another path", "GET", `/dns-query/phone?dns=${base64url(QUERY)}`, 404],
    ["another path that begins alike", "GET", "/dns-queryx", 404],
    ["another method", "PUT", "/dns-query", 405],
    ["deletion", "DELETE", "/dns-query", 405],
    ["a POST without content", "POST", "/dns-query", 415],
  ])("with %s (%s) is refused", async (_, method, path, status) => {
    const { get } = await open();
    const answer = await get(path, { method });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    if (status === 405) expect(answer.headers.get("allow")).toBe("GET, HEAD, POST");
  });

  test("of another type or size is refused", async () => {
    const { post } = await open({ maxQueryBytes: 600 });
    expect((await post(QUERY, { "content-type": "application/json" })).status).toBe(415);
    expect((await post(QUERY, { "content-type": "application/dns-message-x" })).status).toBe(415);
    expect((await post(new Uint8Array(601))).status).toBe(413);
    expect((await post(new Uint8Array(0))).status).toBe(400);
    expect((await post(new Uint8Array(11))).status).toBe(400);
  });

  test("that breaks a rule of DNS is answered with DNS's own error, which is not to be kept", async () => {
    const { post } = await open();
    const two = QUERY.slice();
    two[5] = 2;
    const answer = await post(two);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await textOf(answer)).toBe("FORMERR");
  });

  test("of a stranger is refused as by TCP", async () => {
    const { post } = await open({}, { guard: guardThat("source") });
    expect(await textOf(await post(QUERY))).toBe("REFUSED");
  });

  test("is one of the client that the proxy names", async () => {
    const { post, askers, missed } = await open();
    const from = (address: string) => post(QUERY, { "x-forwarded-for": address });
    for (const address of ["192.0.2.7", "192.0.2.8", "2001:db8::1", "", "nonsense"]) await from(address);
    expect(askers).toEqual(["::ffff:192.0.2.7", "::ffff:192.0.2.8", "2001:db8::1", "::1", "::"]);
    const answer = post(queryBytes("www.example"));
    while (missed.length === 0) await Bun.sleep(1);
    expect(missed[0]!.asker).toMatchObject({ isDatagram: false, transport: Transport.https });
    expect(formatIp(missed[0]!.asker.ip)).toBe("::ffff:192.0.2.7");
    missed[0]!.reply(missed[0]!.bytes, missed[0]!.bytes.length);
    await answer;
  });

  test.each([
    ["no secret", undefined],
    ["another secret", "Bearer secre!"],
    ["a shorter one", "Bearer"],
  ])("with %s gets 403", async (_, authorization) => {
    const { url } = await open();
    const headers = { "x-forwarded-for": "192.0.2.7", ...(authorization && { authorization }) };
    expect((await fetch(`${url}?dns=${base64url(QUERY)}`, { headers })).status).toBe(403);
  });
});

test.each([
  ["stalls", 0],
  ["comes byte by byte", 10],
])("content that %s gets 408", async (_, everyMs) => {
  const { url } = await open({ bodyMs: 200 });
  const { port } = new URL(url);
  const status = await new Promise<string>((resolve) => {
    let came = "";
    const socket = connect(Number(port), "127.0.0.1");
    const head = `POST /dns-query HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTHORIZATION}\r\nContent-Type: ${MEDIA_TYPE}\r\n`;
    socket.write(`${head}Content-Length: 4000\r\n\r\nx`);
    const slowly = everyMs > 0 ? setInterval(() => socket.write("x"), everyMs) : undefined;
    socket.on("error", () => undefined);
    socket.on("data", (part) => {
      came += part.toString("latin1");
      socket.end();
    });
    socket.on("close", () => {
      clearInterval(slowly);
      resolve(came.split("\r\n")[0]!);
    });
  });
  expect(status).toStartWith("HTTP/1.1 408");
});

describe("a query that must wait", () => {
  test("is answered when its answer comes; too many at a time get 503, until one is answered or its client leaves", async () => {
    const { post, get, missed } = await open({ maxPending: 2 });
    const query = queryBytes("www.example");
    const leaving = new AbortController();
    const [first, second] = [post(query), get(`/dns-query?dns=${base64url(query)}`, { signal: leaving.signal })];
    second.catch(() => undefined);
    while (missed.length < 2) await Bun.sleep(1);
    const refused = await post(query);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    leaving.abort();
    let third = post(query);
    while ((await Promise.race([third.then(({ status }) => status), Bun.sleep(20)])) === 503) third = post(query);
    expect(missed.length).toBe(3);
    for (const { bytes, reply } of missed) {
      bytes[2]! |= 0x80;
      reply(bytes, bytes.length);
    }
    expect([(await first).status, (await third).status]).toEqual([200, 200]);
    expect(await textOf(await first)).toBe("NOERROR");
  });
});

test("a stored answer that gets old is refreshed", async () => {
  const aged: Uint8Array[] = [];
  const cache = new AnswerWriter(new ArrayBuffer(65_536), { seed: 7 });
  const { post } = await open({ aged: (bytes) => void aged.push(bytes.slice()) }, { cache });
  const name = queryBytes("www.example");
  const stored = Uint8Array.from([...name, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 2, 0, 4, 192, 0, 2, 1]);
  stored[2] = 0x81;
  stored[7] = 1;
  const offsets = [name.length + 6];
  const put = {
    bytes: stored,
    length: stored.length,
    nameBytes: 13,
    variant: 0,
    ttlOffsets: offsets,
    ttls: 1,
    leadsElsewhere: false,
  };
  cache.put({ ...put, ttlSeconds: 2 }, Math.floor(Date.now() / 1000) - 3);
  const answer = await post(name);
  expect(await textOf(answer)).toBe("NOERROR A 192.0.2.1");
  expect(aged.length).toBe(1);
});
