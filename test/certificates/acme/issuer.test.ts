/** What the issuer makes of its options, of its account's key, and of a CA's renewal information. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resetSync } from "@logtape/logtape";
import { carryLog, type LogEntry } from "../../../src/base/mod.ts";
import { loadAccountKey } from "../../../src/certificates/acme/account-key.ts";
import { AcmeIssuer } from "../../../src/certificates/acme/mod.ts";
import { type ChallengeResponses, type IssuedCertificate, LocalCa } from "../../../src/certificates/mod.ts";
import { DAY_MS, newFolder, request } from "../support.ts";
import { FakeCa } from "./fake-ca.ts";
import { failureOf, issuerFor } from "./support.ts";

const responses: ChallengeResponses = { serveHttp: async () => () => undefined, serveTls: async () => () => undefined };
const signal = AbortSignal.timeout(60_000);

let entries: LogEntry[] = [];
beforeEach(() => {
  entries = [];
  carryLog((entry) => entries.push(entry));
});
afterEach(() => resetSync());

describe("the account's key", () => {
  const url = "https://ca.example.org:9000/dir";

  test("is made once for each CA, as a private file", async () => {
    const folder = join(newFolder(), "acme");
    const first = await loadAccountKey(folder, url);
    expect((await loadAccountKey(folder, url)).thumbprint).toBe(first.thumbprint);
    expect((await loadAccountKey(folder, "https://other.example.org/")).thumbprint).not.toBe(first.thumbprint);
    const path = join(folder, "account-ca.example.org-9000.pem");
    expect([statSync(path).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  test("that others could read is closed to them", async () => {
    const folder = join(newFolder(), "acme");
    await loadAccountKey(folder, url);
    const path = join(folder, "account-ca.example.org-9000.pem");
    chmodSync(path, 0o644);
    await loadAccountKey(folder, url);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(entries.map(({ message }) => message)).toContain("private file was open to other users");
  });

  test.each([
    ["no key", "nothing"],
    [
      "another kind of key",
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ],
    [
      "a key on another curve",
      generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ],
  ])("with %s in its file is refused, and the file stays", async (_, text) => {
    const folder = newFolder();
    const path = join(folder, "account-ca.example.org-9000.pem");
    writeFileSync(path, text, { mode: 0o600 });
    const failure = await failureOf(loadAccountKey(folder, url));
    expect([failure.step, failure.message.includes(path), failure.fix]).toEqual([
      "account",
      true,
      expect.stringContaining("move the file away"),
    ]);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("is kept in memory where it cannot be written", async () => {
    const folder = join(newFolder(), "file");
    writeFileSync(folder, "");
    expect((await loadAccountKey(folder, url)).thumbprint).toHaveLength(43);
    expect(entries.map(({ level, message }) => `${level} ${message}`)).toContain("error cannot write certificates");
  });
});

describe("when to renew", () => {
  /** Lasts 30 days. */
  let certificate: IssuedCertificate;
  beforeAll(async () => {
    certificate = await new LocalCa({ folder: undefined, hostname: "nas" }).issue(request("nas.home.arpa"));
  });
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const json = (explanationURL?: string, fromDay = 10, toDay = 11) => ({
    suggestedWindow: {
      start: new Date(today + fromDay * DAY_MS).toISOString(),
      end: new Date(today + toDay * DAY_MS).toISOString(),
    },
    ...(explanationURL === undefined ? {} : { explanationURL }),
  });

  test.each([
    [undefined, 21_600_000],
    ["7200", 7_200_000],
    ["1", 60_000],
    ["99999999", 86_400_000],
  ])("with a Retry-After of %p is asked again after %d ms", async (retryAfter, expected) => {
    const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
    using ca = await FakeCa.open({ renewal: { json: json(), headers } });
    const window = await issuerFor(ca, responses).renewalWindow(certificate, signal);
    expect(window).toEqual({ startMs: today + 10 * DAY_MS, endMs: today + 11 * DAY_MS, retryAfterMs: expected });
  });

  test("has its explanation logged once, as one line", async () => {
    using ca = await FakeCa.open({ renewal: { json: json("https://ca.example.org/why\u001b[31m") } });
    const issuer = issuerFor(ca, responses);
    await issuer.renewalWindow(certificate, signal);
    await issuer.renewalWindow(certificate, signal);
    const explained = entries.filter(({ message }) => message.includes("explains"));
    expect(explained.map(({ fields }) => fields.explanation)).toEqual(["https://ca.example.org/why [31m"]);
  });

  test("is never so late that nothing is left for another try", async () => {
    using late = await FakeCa.open({ renewal: { json: json(undefined, 10, 400) } });
    const window = await issuerFor(late, responses).renewalWindow(certificate, signal);
    expect((window!.endMs - today) / DAY_MS).toBeWithin(25, 29);
    using never = await FakeCa.open({ renewal: { json: json(undefined, 100, 400) } });
    const failure = await failureOf(issuerFor(never, responses).renewalWindow(certificate, signal));
    expect(failure.message).toContain("the suggested window begins too late");
  });

  test("is not known of a CA without renewal information, or of a certificate that nobody can name", async () => {
    const url = "http://127.0.0.1/";
    using without = await FakeCa.open({ dir: { json: { newNonce: url, newAccount: url, newOrder: url } } });
    expect(await issuerFor(without, responses).renewalWindow(certificate, signal)).toBeUndefined();
    using ca = await FakeCa.open({});
    expect(await issuerFor(ca, responses).renewalWindow({ cert: "", key: "" }, signal)).toBeUndefined();
    expect(ca.asked).not.toContain("renewal");
  });
});

test.each([
  [{ challenges: [] }, "no kind of challenge is left"],
  [{ challenges: ["dns-01" as const] }, "dns-01"],
  [{ challenges: ["tls-sni-01" as "http-01"] }, "tls-sni-01"],
  [{ directory: "http://ca.example.org/" }, "it is not a URL of https"],
  [{ ca: "/nowhere/root.pem" }, "there is no such file"],
  [{ ca: "-----BEGIN PRIVATE KEY-----" }, "no certificate in PEM"],
])("options of %p are refused before anything is sent", (options, said) => {
  expect(() => new AcmeIssuer(options, responses)).toThrow(said);
});

test("an order for no names, or for too many, is refused before it is sent", async () => {
  using ca = await FakeCa.open({});
  const issuer = issuerFor(ca, responses, { limits: { maxNames: 2 } });
  for (const names of [[], ["a.example.org", "b.example.org", "c.example.org"]]) {
    const failure = await failureOf(issuer.issue({ names, signal }));
    expect(failure.message).toContain(`it has ${names.length} names, expected 1 to 2`);
  }
  expect(ca.asked).not.toContain("order");
});
