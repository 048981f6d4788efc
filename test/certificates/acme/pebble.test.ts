/** Issuances from Pebble. `TENK_RUNS=20` makes the long run twenty issuances while Pebble sleeps before it validates. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renewalIdOf } from "../../../src/certificates/acme/x509.ts";
import { hasGo, testWithoutGo } from "../../net/go.ts";
import { FAULTS, type Fault, FaultProxy } from "./fault-proxy.ts";
import { buildPebble, type Pebble, startPebble } from "./pebble.ts";
import { TestResponses } from "./responses.ts";
import { daysOf, failureOf, issue, issuerFor } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 4);
const folder = mkdtempSync(join(tmpdir(), "tenk-acme-"));
afterAll(() => rmSync(folder, { recursive: true }));

if (!hasGo) testWithoutGo("the ACME client with Pebble");

describe.skipIf(!hasGo)("Pebble, which refuses half of all nonces,", () => {
  let responses: TestResponses;
  let pebble: Pebble;

  beforeAll(async () => {
    buildPebble();
    responses = await TestResponses.open();
    pebble = await startPebble({ ...responses.ports, badNonces: 50, alternateRoots: 1 });
  }, 300_000);
  afterAll(async () => {
    await pebble?.stop();
    await responses?.[Symbol.asyncDispose]();
  });

  test.each([
    ["http-01", ["a.example.org", "b.example.org"]],
    ["tls-alpn-01", ["a.example.org", "b.example.org"]],
    ["http-01", ["127.0.0.1"]],
    ["tls-alpn-01", ["127.0.0.1", "c.example.org"]],
  ] as const)("issues by %s for %p", async (kind, names) => {
    const issuer = issuerFor(pebble, responses, { challenges: [kind], profile: "shortlived" });
    expect(Math.round(daysOf(await issue(issuer, names)))).toBe(6);
    expect(responses.served.at(-1)).toBe(kind);
    expect([responses.tokens.size, responses.names.size]).toEqual([0, 0]);
  });

  test("says when to renew", async () => {
    const issuer = issuerFor(pebble, responses, { profile: "default" });
    const signal = AbortSignal.timeout(10_000);
    const first = await issue(issuer, ["renewed.example.org"]);
    const window = await issuer.renewalWindow(first, signal);
    const { validFrom, validTo } = new X509Certificate(first.cert);
    expect(window!.startMs).toBeGreaterThan(Date.parse(validFrom));
    expect(window!.endMs).toBeLessThan(Date.parse(validTo));
    expect(window!.retryAfterMs).toBe(6 * 3_600_000);
  });

  test("is told which certificate an order replaces, and refuses to replace one twice: then it is ordered as a new one", async () => {
    await using proxy = await FaultProxy.open(pebble);
    const issuer = issuerFor({ directory: proxy.directory, ca: pebble.ca }, responses);
    const first = await issue(issuer, ["replaced.example.org"]);
    const replaces = renewalIdOf(first.cert);
    const identifiers = [{ type: "dns", value: "replaced.example.org" }];
    for (const expected of [[{ identifiers, replaces }], [{ identifiers, replaces }, { identifiers }]]) {
      proxy.plan(() => undefined);
      await issue(issuer, ["replaced.example.org"], first);
      // One that was refused for its nonce was sent again with another.
      const orders = proxy.orders.filter(
        (order, index, all) => JSON.stringify(order) !== JSON.stringify(all[index - 1]),
      );
      expect(orders).toEqual(expected);
    }
  });

  test("may answer anything about renewal: what cannot be read is an error that names the step", async () => {
    const issuer = issuerFor(pebble, responses);
    const certificate = await issue(issuer, ["odd.example.org"]);
    const setAnswer = async (text: string) => {
      const body = JSON.stringify({ Certificate: certificate.cert, ARIResponse: text });
      const { status } = await fetch(`${pebble.management}/set-renewal-info/`, {
        method: "POST",
        body,
        tls: { ca: pebble.ca },
      });
      expect(status).toBe(200);
    };
    await setAnswer('{"suggestedWindow":{"start":"2026-01-02T00:00:00Z","end":"2026-01-01T00:00:00Z"}}');
    const failure = await failureOf(issuer.renewalWindow(certificate, AbortSignal.timeout(5000)));
    expect(failure.message).toContain("the suggested window does not end after its start");
    const window =
      '{"suggestedWindow":{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"},"explanationURL":"https://ca.example.org/incident"}';
    await setAnswer(window);
    expect((await issuer.renewalWindow(certificate, AbortSignal.timeout(5000)))?.startMs).toBe(
      Date.parse("2026-01-01"),
    );
  });

  test("issues for a wildcard and its domain by a command that sets TXT records", async () => {
    const script = join(folder, "dns.ts");
    writeFileSync(
      script,
      `const { ACME_ACTION, ACME_NAME, ACME_VALUE, ACME_DOMAIN } = process.env;
       const path = ACME_ACTION === "present" ? "set-txt" : "clear-txt";
       const body = JSON.stringify({ host: ACME_NAME + ".", value: ACME_VALUE });
       await fetch(process.argv[2] + "/" + path, { method: "POST", body });
       await Bun.write(process.argv[3] + "/" + ACME_ACTION + "-" + ACME_VALUE, ACME_DOMAIN);`,
    );
    const dns = { command: [process.execPath, script, pebble.dnsManagement, folder], waitMs: 0 } as const;
    await issue(issuerFor(pebble, responses, { dns }), ["*.wild.example.org", "wild.example.org"]);
    const calls = readdirSync(folder).filter((name) => /^(present|cleanup)-/.test(name));
    expect(calls.filter((name) => name.startsWith("present-"))).toHaveLength(2);
    expect(calls.filter((name) => name.startsWith("cleanup-"))).toHaveLength(2);
    for (const name of calls) expect(readFileSync(join(folder, name), "utf8")).toBe("wild.example.org");
  });

  test("offers two roots: the chain to the preferred one is taken", async () => {
    const roots = await Promise.all(
      [0, 1].map(async (index) =>
        (await fetch(`${pebble.management}/roots/${index}`, { tls: { ca: pebble.ca } })).text(),
      ),
    );
    for (const pem of roots) {
      const root = new X509Certificate(pem);
      const preferredChain = root.subject.replace(/^.*CN=/s, "");
      const { cert } = await issue(issuerFor(pebble, responses, { preferredChain }), ["root.example.org"]);
      const last = new X509Certificate(cert.slice(cert.lastIndexOf("-----BEGIN")));
      expect(last.verify(root.publicKey)).toBeTrue();
    }
  });

  test("gets another challenge when one fails, and begins with what worked next time", async () => {
    const issuer = issuerFor(pebble, responses);
    responses.disguise = () => "another server's page";
    await issue(issuer, ["port80.example.org"]);
    responses.served.length = 0;
    await issue(issuer, ["port80.example.org"]);
    expect(responses.served).toEqual(["tls-alpn-01"]);
    responses.disguise = (answer) => answer;
  });

  test("says why a challenge failed: the error has step, name, the CA's words and what to do", async () => {
    const issuer = issuerFor(pebble, responses, { challenges: ["http-01"] });
    responses.disguise = () => "another server's page";
    const failure = await failureOf(issue(issuer, ["wrong.example.org"]));
    responses.disguise = (answer) => answer;
    expect(failure.step).toBe("validation");
    expect(failure.message).toMatch(
      /: wrong\.example\.org by http-01: the CA says unauthorized: .*another server's page/,
    );
    expect(failure.fix).toContain("another server answered on port 80");
    expect([responses.tokens.size, responses.names.size]).toEqual([0, 0]);
    // The same issuer recovers.
    await issue(issuer, ["wrong.example.org"]);
  });

  test.each([
    [["blocked.example.org"], {}, "order", "rejectedIdentifier", "use the local CA"],
    [["*.example.org"], {}, "authorization", "offers dns-", "a wildcard needs dns-01"],
    [["a.example.org"], { profile: "nosuch" }, "order", 'no profile "nosuch"', "default, shortlived"],
  ] as const)("refuses %p with %p", async (names, options, step, said, fix) => {
    const failure = await failureOf(issue(issuerFor(pebble, responses, options), names));
    expect([failure.step, failure.message.includes(said), failure.fix?.includes(fix)]).toEqual([step, true, true]);
  });

  test("knows the account again by its key, which only its owner can read", async () => {
    const kept = join(folder, "kept");
    const urls = [];
    for (let start = 0; start < 2; start++)
      urls.push(await issuerFor(pebble, responses, { folder: kept }).client.account());
    expect(urls[0]).toBe(urls[1]!);
    const [file] = readdirSync(kept);
    expect(file).toBe(`account-localhost-${pebble.port}.pem`);
    expect(statSync(join(kept, file!)).mode & 0o777).toBe(0o600);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
  });

  test("loses any one request or answer of an issuance, and the certificate still comes", async () => {
    await using proxy = await FaultProxy.open(pebble);
    const run = async (names: string[]) =>
      issue(issuerFor({ directory: proxy.directory, ca: pebble.ca }, responses), names);
    proxy.plan(() => undefined);
    await run(["whole.example.org"]);
    const length = proxy.paths.length;
    expect(length).toBeGreaterThan(9);
    // Each loses its answer, and meets one other fault by default, every other one in a long run.
    for (let index = 0; index < length; index++) {
      const faults = new Set<Fault>(RUNS > 4 ? FAULTS : ["lost", FAULTS[index % FAULTS.length]!]);
      for (const fault of faults) {
        proxy.plan((request) => (request === index ? fault : undefined));
        await run([`fault-${index}.example.org`]);
      }
    }
    // No nonce was ever sent twice.
    expect(new Set(proxy.nonces).size).toBe(proxy.nonces.length);
  }, 60_000);

  test("is down, and issues when it is back with its memory lost", async () => {
    const other = await startPebble({ ...responses.ports, badNonces: 50 });
    const issuer = issuerFor(other, responses);
    await issue(issuer, ["first.example.org"]);
    await other.stop();
    const failure = await failureOf(issue(issuer, ["second.example.org"]));
    expect(failure.fix).toContain("check that this machine reaches the CA");
    await using back = await startPebble({ ...responses.ports, badNonces: 50, port: other.port });
    expect(back.directory).toBe(other.directory);
    await issue(issuer, ["second.example.org"]);
  });

  test("binds accounts to those of the CA", async () => {
    const macKey = createHash("sha256").update("a secret of the CA").digest("base64url");
    await using bound = await startPebble({ ...responses.ports, externalAccounts: { "key-1": macKey } });
    const failure = await failureOf(issue(issuerFor(bound, responses), ["a.example.org"]));
    expect([failure.step, failure.fix]).toEqual(["account", expect.stringContaining("set externalAccount")]);
    const wrong = issuerFor(bound, responses, { externalAccount: { keyId: "key-1", macKey: "AAAA" } });
    expect((await failureOf(issue(wrong, ["a.example.org"]))).step).toBe("account");
    await issue(issuerFor(bound, responses, { externalAccount: { keyId: "key-1", macKey } }), ["a.example.org"]);
  });

  test(`issues ${RUNS} of ${RUNS} by both challenges`, async () => {
    await using slow = await startPebble({ ...responses.ports, badNonces: 50, maxSleepSeconds: RUNS > 4 ? 2 : 0 });
    const shared = ["http-01", "tls-alpn-01"].map((kind) =>
      issuerFor(slow, responses, { challenges: [kind as "http-01"] }),
    );
    const startMs = performance.now();
    let previous = await issue(shared[0]!, ["run.example.org"]);
    for (let run = 1; run < RUNS; run++) {
      const names =
        run % 4 === 3 ? ["127.0.0.1"] : ["run.example.org", `run-${run}.example.org`].slice(0, 1 + (run % 2));
      previous = await issue(shared[run % 2]!, names, previous, 60_000);
    }
    const requests = shared.reduce((sum, { client }) => sum + client.requests, 0);
    const badNonces = shared.reduce((sum, { client }) => sum + client.badNonces, 0);
    expect(badNonces).toBeGreaterThan(0);
    if (RUNS > 4)
      console.log(
        `${RUNS} issued in ${(performance.now() - startMs).toFixed()} ms, ${requests} requests, ${badNonces} bad nonces`,
      );
  }, 600_000);
});
