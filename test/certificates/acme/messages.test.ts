import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { adviceFor, PROBLEM_ADVICE } from "../../../src/certificates/acme/advice.ts";
import { AcmeError } from "../../../src/certificates/acme/error.ts";
import { MessageReader, UnexpectedAnswer } from "../../../src/certificates/acme/messages.ts";
import { Nonces } from "../../../src/certificates/acme/nonces.ts";
import { directoryUrlOf } from "../../../src/certificates/acme/options.ts";
import { problemOf, problemText } from "../../../src/certificates/acme/problem.ts";
import { retryAfterMs } from "../../../src/certificates/acme/retry-after.ts";

const NOW = Date.parse("2026-11-30T10:00:00Z");

test.each([
  ["120", 120_000],
  ["0", 0],
  ["Mon, 30 Nov 2026 10:01:00 GMT", 60_000],
  ["Mon, 30 Nov 2026 09:00:00 GMT", 0],
  [null, 0],
  ["", 0],
  ["-5", 0],
  ["1.5", 0],
  ["soon", 0],
  ["9".repeat(65), 0],
])("Retry-After %p asks for %d ms", (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

describe("nonces", () => {
  test("each is given once, the newest first", () => {
    const nonces = new Nonces(2);
    for (const nonce of ["old", "a", "b", "b"]) nonces.add(nonce);
    expect([nonces.take(), nonces.take(), nonces.take()]).toEqual(["b", "a", undefined]);
  });

  test("what is none is not kept", () => {
    const nonces = new Nonces();
    for (const wrong of [null, "", "a b", "a\r\nb", "x".repeat(257), "é"]) nonces.add(wrong);
    expect(nonces.take()).toBeUndefined();
  });
});

describe("a problem document", () => {
  const said = {
    type: "urn:ietf:params:acme:error:compound",
    detail: "Two names\u001b[31m are\nwrong\u202e",
    subproblems: [
      {
        type: "urn:ietf:params:acme:error:caa",
        detail: "CAA forbids",
        identifier: { type: "dns", value: "a.example.org" },
      },
      {
        type: "urn:ietf:params:acme:error:dns",
        detail: "NXDOMAIN",
        identifier: { type: "dns", value: "b.example.org" },
      },
    ],
  };

  test("is one line with its subproblems and without control characters", () => {
    expect(problemText(problemOf(said)!)).toBe(
      "compound: Two names [31m are wrong [a.example.org: caa: CAA forbids; b.example.org: dns: NXDOMAIN]",
    );
  });

  test("makes an error that says which step, what the CA said and what to do", () => {
    const problem = problemOf({ type: "urn:ietf:params:acme:error:unauthorized", detail: "Invalid response: 404" })!;
    const error = new AcmeError("validation", "a.example.org", "", { problem, challenge: "http-01", status: 403 });
    expect(error.message).toBe(
      "The CA could not validate the challenge: a.example.org by http-01: the CA says unauthorized: Invalid response: 404",
    );
    expect(error.step).toBe("validation");
    expect(error.fix).toContain("port 80");
  });

  test.each([[undefined], [null], [1], ["text"], [[]], [{}], [{ type: 1, detail: {} }]])("%p is none", (value) => {
    expect(problemOf(value)).toBeUndefined();
  });

  test("cannot make a long text, whatever is in it", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.string({ maxLength: 3000, unit: "binary" }), (json, detail) => {
        const subproblems = Array.from({ length: 40 }, () => ({ detail, identifier: { value: detail } }));
        problemOf(JSON.parse(json));
        const text = problemText(problemOf({ type: detail || "x", detail, subproblems })!);
        expect(text.length).toBeLessThan(10_000);
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 100) },
    );
  });
});

test("what to do depends on step and challenge, and is never taken from the prototype of objects", () => {
  expect(adviceFor("validation", "unauthorized", "dns-01")).toContain("TXT record");
  expect(adviceFor("validation", "unauthorized", "http-01")).toContain("port 80");
  expect(adviceFor("validation", "unauthorized", "tls-alpn-01")).toContain("port 443");
  expect(adviceFor("account", "unauthorized")).toContain("externalAccount");
  expect(adviceFor("order", "rateLimited")).toBe(PROBLEM_ADVICE.rateLimited);
  expect(adviceFor("order", "constructor")).toBeUndefined();
  expect(adviceFor("order", "", "", 503)).toBe(PROBLEM_ADVICE.serverInternal);
});

test("docs/certificates.md has a row for every type of problem that tenk knows", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/certificates.md"), "utf8");
  const table = page.slice(page.indexOf("| the CA says |")).split("\n\n")[0]!;
  const types = table
    .split("\n")
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`(\w+)`/g)].map(([, type]) => type!));
  expect(types.sort()).toEqual(Object.keys(PROBLEM_ADVICE).sort());
});

describe("a CA's answers", () => {
  const reader = new MessageReader("https://ca.example.org/dir");
  const urls = {
    newNonce: "https://ca.example.org/n",
    newAccount: "https://ca.example.org/a",
    newOrder: "https://ca.example.org/o",
  };
  const order = {
    status: "pending",
    authorizations: ["https://ca.example.org/z"],
    finalize: "https://ca.example.org/f",
  };
  const challenge = { type: "http-01", url: "https://ca.example.org/c", token: "a".repeat(43), status: "pending" };
  const authorization = {
    status: "pending",
    identifier: { type: "dns", value: "a.example.org" },
    challenges: [challenge],
  };
  const renewal = {
    suggestedWindow: { start: "2026-11-30T10:00:00Z", end: "2026-12-01T10:00:00Z" },
    explanationURL: "https://ca.example.org/why",
  };

  test("are read", () => {
    expect(
      reader.directory({ ...urls, meta: { profiles: { shortlived: "six days" } } }).profiles.get("shortlived"),
    ).toBe("six days");
    expect(reader.order(order, 1).finalize).toBe("https://ca.example.org/f");
    expect(reader.authorization(authorization).challenges).toHaveLength(1);
    expect(reader.renewalInfo(renewal)).toEqual({
      startMs: NOW,
      endMs: NOW + 86_400_000,
      explanationUrl: "https://ca.example.org/why",
    });
  });

  test.each([
    ["no object", () => reader.directory([])],
    ["a plain URL", () => reader.directory({ ...urls, newOrder: "http://ca.example.org/o" })],
    ["a URL with a password", () => reader.directory({ ...urls, newOrder: "https://a:b@ca.example.org/o" })],
    [
      "a URL of 3000 characters",
      () => reader.directory({ ...urls, newOrder: `https://ca.example.org/${"o".repeat(3000)}` }),
    ],
    ["a file", () => reader.order({ ...order, finalize: "file:///etc/passwd" }, 1)],
    ["an unknown status", () => reader.order({ ...order, status: "constructor" }, 1)],
    [
      "more authorizations than names",
      () => reader.order({ ...order, authorizations: Array(3).fill(order.finalize) }, 2),
    ],
    [
      "a token with a path",
      () => reader.authorization({ ...authorization, challenges: [{ ...challenge, token: "../../etc/passwd-x" }] }),
    ],
    ["a short token", () => reader.authorization({ ...authorization, challenges: [{ ...challenge, token: "abc" }] })],
    [
      "a window that ends before it starts",
      () => reader.renewalInfo({ suggestedWindow: { start: "2027-01-01T00:00:00Z", end: "2026-01-01T00:00:00Z" } }),
    ],
    ["a window of no dates", () => reader.renewalInfo({ suggestedWindow: { start: {}, end: [] } })],
  ])("with %s are refused", (_, read) => {
    expect(read).toThrow(UnexpectedAnswer);
  });

  test("of any form are read or refused, and nothing else", () => {
    const value = fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text));
    const fields = fc.constantFrom(
      "status",
      "identifier",
      "challenges",
      "authorizations",
      "finalize",
      "meta",
      "suggestedWindow",
    );
    fc.assert(
      fc.property(fields, value, (field, wrong) => {
        const all = { ...urls, ...order, ...authorization, ...renewal, [field]: wrong };
        for (const read of [
          () => reader.directory(all),
          () => reader.authorization(all),
          () => reader.renewalInfo(all),
          () => reader.order(all, 10),
        ]) {
          try {
            read();
          } catch (error) {
            expect(error).toBeInstanceOf(UnexpectedAnswer);
          }
        }
      }),
      { numRuns: Number(process.env.TENK_RUNS ?? 300) },
    );
  });
});

test.each([
  ["letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"],
  ["https://ca.home.arpa:9000/acme/directory", "https://ca.home.arpa:9000/acme/directory"],
  ["http://127.0.0.1:14000/dir", "http://127.0.0.1:14000/dir"],
])("the directory %s is %s", (directory, url) => {
  expect(directoryUrlOf(directory)).toBe(url);
});

test.each(["http://ca.example.org/dir", "http://127.0.0.1.example.org/", "ftp://a.example.org", "toString", ""])(
  "the directory %p is refused",
  (directory) => {
    expect(() => directoryUrlOf(directory)).toThrow("Cannot read the CA's directory");
  },
);
