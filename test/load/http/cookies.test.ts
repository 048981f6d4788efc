import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CookieJars, parseSetCookie } from "../../../src/load/http/cookies/mod.ts";
import { planHttp } from "../../../src/load/mod.ts";
import { Head, RESPONSE_LIMITS, readResponse } from "../../../src/wire/http1/mod.ts";
import { askedServer } from "./asked-server.ts";
import { runHttp } from "./support.ts";

const NOW = Date.UTC(2026, 0, 1);
const TARGET = { host: "www.a.example", isSecure: false };
const HEAD = new Head(64);

/** What is sent for a path, after answers that set these. */
function sentFor(path: string, set: readonly string[], target = TARGET, now = () => NOW): string | undefined {
  const jars = new CookieJars(1, target, now);
  takeAll(jars, set);
  return cookiesOf(jars, path);
}

function takeAll(jars: CookieJars, set: readonly string[]): void {
  const answer = Buffer.from(
    `HTTP/1.1 200 OK\r\n${set.map((value) => `SET-cookie: ${value}\r\n`).join("")}\r\n`,
    "latin1",
  );
  expect(readResponse(HEAD, answer, 0, answer.length, RESPONSE_LIMITS)).toBe(answer.length);
  jars.take(0, HEAD, answer);
}

function cookiesOf(jars: CookieJars, path: string): string | undefined {
  const sent = jars.addTo(Buffer.from(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok`), 2, 0);
  const text = Buffer.from(sent).toString("latin1");
  expect(text).toMatch(/^POST [^ ]+ HTTP\/1\.1\r\nHost: a\r\nContent-Length: 2\r\n(Cookie: [^\r\n]+\r\n)?\r\nok$/);
  return /Cookie: (.*)\r/.exec(text)?.[1];
}

describe("cookies", () => {
  test.each<[string, string[], string | undefined]>([
    ["/", [], undefined],
    ["/", ["a=1", "b=2; HttpOnly; SameSite=Lax"], "a=1; b=2"],
    ["/", ["a=1", "a=2"], "a=2"],
    ["/", [' a = "x y" ;Path=/'], 'a="x y"'],
    ["/", ["a=1", "a=; Max-Age=0"], undefined],
    ["/", ["a=1", "a=1; Max-Age=-5; Expires=Fri, 01 Jan 2027 00:00:00 GMT"], undefined],
    ["/", ["a=1", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], undefined],
    ["/", ["a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "a=1"],
    ["/", ["a=1; Max-Age=x", "b=2; Expires=never"], "a=1; b=2"],
    [
      "/shop/cart?x",
      ["a=1; Path=/shop", "b=2; path=/shop/", "c=3; Path=/sho", "d=4; Path=/other", "e=5; Path=x"],
      "a=1; b=2; e=5",
    ],
    ["/shop", ["a=1; Path=/shop", "b=2; Path=/shop/"], "a=1"],
    [
      "/",
      ["a=1; Domain=a.example", "b=2; Domain=.WWW.A.example", "c=3; Domain=b.example", "d=4; Domain=ww.a.example"],
      "a=1; b=2",
    ],
    ["/", ["a=1; Secure", "=2", "nothing", "b="], "b="],
  ])("for %s, of %j: %j", (path, set, sent) => {
    expect(sentFor(path, set)).toBe(sent);
  });

  test("that are Secure are sent over TLS", () => {
    expect(sentFor("/", ["a=1; Secure"], { ...TARGET, isSecure: true })).toBe("a=1");
  });

  test("end when their time is over", () => {
    let nowMs = NOW;
    const jars = new CookieJars(1, TARGET, () => nowMs);
    takeAll(jars, ["a=1; Max-Age=60", "b=2"]);
    expect(cookiesOf(jars, "/")).toBe("a=1; b=2");
    nowMs += 60_000;
    expect(cookiesOf(jars, "/")).toBe("b=2");
  });

  test("are bounded in number and in bytes, and what is not taken is counted", () => {
    const jars = new CookieJars(1, TARGET, () => NOW);
    takeAll(
      jars,
      Array.from({ length: 60 }, (_, index) => `c${index}=x`),
    );
    expect([jars.taken, jars.ignored, cookiesOf(jars, "/")!.split("; ").length]).toEqual([50, 10, 50]);
    const large = new CookieJars(1, TARGET, () => NOW);
    takeAll(large, [
      `long=${"x".repeat(4090)}`,
      ...Array.from({ length: 5 }, (_, index) => `c${index}=${"x".repeat(4000)}`),
    ]);
    expect([large.taken, large.ignored]).toEqual([4, 2]);
  });

  test("of any text are one field of one request", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc
        .array(fc.constantFrom("a", "=", ";", "Path", "/", "Max-Age", "Expires", "1", " ", ",", '"', "\t", "\xff"), {
          maxLength: 12,
        })
        .map((all) => all.join("")),
    );
    const jars = new CookieJars(1, TARGET, () => NOW);
    fc.assert(
      fc.property(text, (value) => {
        const cookie = parseSetCookie(value, TARGET, NOW);
        if (cookie !== undefined) expect(cookie.name).not.toMatch(/[=;]|^\s|\s$|^$/);
        const field = [...value].filter((each) => /[\t\x20-\x7e\xa0-\xff]/.test(each)).join("");
        takeAll(jars, [field]);
        cookiesOf(jars, "/");
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 200) },
    );
  });

  test("are not kept where the user sends some", () => {
    expect(() => planHttp({ url: "http://a/", cookies: true, headers: [["cookie", "a=1"]] })).toThrow(
      "Cookie is given",
    );
  });
});

test.each([
  ["1.1", 1],
  ["1.1", 2],
  ["2", 2],
] as const)(
  "over HTTP/%s, on %d event loops, a connection sends back what it was given, and so does the next in its slot",
  async (version, workers) => {
    let sessions = 0;
    await using server = await askedServer(version, (response, { headers }, index) => {
      const session = /session=(\d+)/.exec(String(headers.cookie))?.[1];
      if (session === undefined)
        response.setHeader("set-cookie", [`session=${sessions++}; Path=/`, "gone=1; Max-Age=0"]);
      // HTTP/2 forbids the field.
      if (version === "1.1" && index % 7 === 6) response.setHeader("connection", "close");
      response.end("hello");
    });
    const options = { cookies: true, connections: 2, requests: 60, workers, http2: version === "2" };
    const { protocol, connections } = await runHttp(server.url, options);
    expect(protocol).toMatchObject({ errors: 0, status: { 200: 60 }, cookies: { taken: 4, ignored: 0 } });
    expect(sessions).toBe(2);
    if (version === "1.1") expect(connections.reopened).toBeGreaterThan(3);
    const sent = server.asked.map(({ headers }) => headers.cookie);
    expect(sent.filter((cookie) => cookie === undefined)).toHaveLength(2);
    expect(new Set(sent)).toEqual(new Set([undefined, "session=0", "session=1"]));
    const bySession = server.asked.filter(({ headers }) => headers.cookie === "session=0").length;
    expect([bySession > 5, bySession < 55]).toEqual([true, true]);
  },
);
