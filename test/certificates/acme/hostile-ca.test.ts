/** A CA, or who poses as one, may answer anything at any speed: each error names the step, and comes in bounded time. */
import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import type { AcmeLimits } from "../../../src/certificates/acme/mod.ts";
import { challengeCertificate } from "../../../src/certificates/acme/x509.ts";
import type { ChallengeResponses } from "../../../src/certificates/mod.ts";
import { FakeCa, type Reply, type Resource } from "./fake-ca.ts";
import { failureOf, issue, issuerFor } from "./support.ts";

/** Tokens in force. */
const tokens = new Set<string>();
const responses: ChallengeResponses = {
  serveHttp: async (token) => {
    tokens.add(token);
    return () => void tokens.delete(token);
  },
  serveTls: async () => () => undefined,
};

const LIMITS: Partial<AcmeLimits> = {
  requestMs: 150,
  maxBodyBytes: 64 * 1024,
  maxTries: 2,
  maxNonceTries: 5,
  maxPollMs: 20,
  validationMs: 150,
  finalizeMs: 150,
};

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nreplay-nonce: n\r\n";

/** Writes until the client has enough of it. */
function endless(head: string, piece: string): Reply {
  return (socket: Socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
      if (!socket.destroyed) socket.once("drain", more);
    };
    socket.write(head);
    more();
  };
}

/** One byte now and then: each is progress, and there is no end. */
function drip(head: string): Reply {
  return (socket: Socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(" "), 20);
    socket.on("close", () => clearInterval(timer));
  };
}

const problem = (type: string, status: number, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  type: "application/problem+json",
  json: { type: `urn:ietf:params:acme:error:${type}`, detail: "no" },
});

const CHAIN = "application/pem-certificate-chain";
const cases: [what: string, resource: Resource, reply: Reply, step: string, said: RegExp][] = [
  ["an endless body", "dir", endless(`${HEAD}\r\n`, "x".repeat(16_384)), "directory", /longer than 64 KiB/],
  ["an endless body in chunks", "order", endless(`${HEAD}transfer-encoding: chunked\r\n\r\n`, `4000\r\n${"x".repeat(0x4000)}\r\n`), "order", /longer than 64 KiB/],
  ["an endless head", "dir", endless(HEAD, `x: ${"y".repeat(1000)}\r\n`), "directory", /./],
  ["a body that drips", "dir", drip(`${HEAD}content-length: 9000\r\n\r\n`), "directory", /no whole answer within 150ms/],
  ["a head that drips", "authorization", drip("HTTP/1.1 200 OK\r\nx:"), "authorization", /no whole answer within 150ms/],
  ["no answer", "order", () => undefined, "order", /no whole answer within 150ms/],
  ["a body cut short", "dir", (socket) => void socket.end(`${HEAD}content-length: 9000\r\n\r\n{`), "directory", /./],
  ["bytes of another protocol", "dir", (socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n"), "directory", /./],
  ["a redirect", "dir", { status: 302, headers: { location: "http://127.0.0.1:1/a" } }, "directory", /a redirect to http:/],
  ["a redirect of a signed request", "order", { status: 307, headers: { location: "/order" } }, "order", /a redirect to \/order/],
  ["a page", "dir", { type: "text/html", text: "<html>" }, "directory", /not JSON, but "text\/html"/],
  ["no JSON", "dir", { text: "{" }, "directory", /cannot be read as JSON/],
  ["deep JSON", "dir", { text: "[".repeat(60_000) }, "directory", /cannot be read as JSON|not a JSON object/],
  ["an empty directory", "dir", { json: {} }, "directory", /newNonce is not a URL/],
  ["another scheme", "dir", { json: { newNonce: "file:///etc/passwd" } }, "directory", /newNonce is not a URL/],
  ["no nonce", "nonce", { headers: { "replay-nonce": "" } }, "account", /no Replay-Nonce/],
  ["bad nonces without end", "account", problem("badNonce", 400), "account", /badNonce: no/],
  ["an account without Location", "account", { status: 201, json: {} }, "account", /Location is not a URL/],
  ["an account that is never known", "order", problem("accountDoesNotExist", 400), "order", /accountDoesNotExist: no/],
  ["a rate limit of a week", "order", problem("rateLimited", 429, { "retry-after": "604800" }), "order", /rateLimited: no/],
  ["errors without end", "order", { status: 503 }, "order", /HTTP status 503/],
  ["a thousand authorizations", "order", { status: 201, headers: { location: "http://127.0.0.1/" }, json: { status: "pending", authorizations: Array(1000).fill("http://127.0.0.1/") } }, "order", /more than 100/],
  ["a foreign name", "authorization", { json: { status: "pending", identifier: { type: "dns", value: "bank.example.com" }, challenges: [] } }, "authorization", /a name that was not ordered/],
  ["no challenge", "authorization", { json: { status: "pending", identifier: { type: "dns", value: "a.example.org" } } }, "authorization", /offers no challenges/],
  ["a token that is a path", "authorization", { json: { status: "pending", identifier: { type: "dns", value: "a.example.org" }, challenges: [{ type: "http-01", token: "../../admin/secrets", url: "http://127.0.0.1/" }] } }, "authorization", /token is not base64url/],
  ["an order that stays pending", "order-state", { json: { status: "pending", authorizations: [], finalize: "http://127.0.0.1/" } }, "validation", /still pending after 150ms/],
  ["an order that becomes invalid", "order-state", { json: { status: "invalid", authorizations: [], finalize: "http://127.0.0.1/", error: { type: "urn:ietf:params:acme:error:caa", detail: "forbidden" } } }, "validation", /caa: forbidden/],
  ["a finalize that is refused", "finalize", problem("badCSR", 400), "finalize", /badCSR: no/],
  ["a page for a certificate", "certificate", { text: "<html>", type: "text/html" }, "download", /no certificate chain, but "text\/html"/],
  ["no certificate", "certificate", { text: "", type: CHAIN }, "download", /0 certificates/],
  ["a thousand certificates", "certificate", { text: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".repeat(1000), type: CHAIN }, "download", /1000 certificates/],
  ["a certificate that is none", "certificate", { text: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", type: CHAIN }, "download", /./],
]; // biome-ignore format: a table

describe("a CA that answers with", () => {
  test.each(cases)("%s to a request for %s", async (_, resource, reply, step, said) => {
    using ca = await FakeCa.open({ [resource]: reply });
    const startMs = performance.now();
    const failure = await failureOf(
      issue(issuerFor(ca, responses, { challenges: ["http-01"], limits: LIMITS }), ["a.example.org"]),
    );
    expect(failure.step).toBe(step as typeof failure.step);
    expect(failure.message).toMatch(said);
    expect(failure.message).not.toMatch(/\p{Cc}/u);
    expect(failure.message.length).toBeLessThan(1500);
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect([...tokens]).toEqual([]);
  });

  test("states that stay pending, and asks to wait for an hour between two reads", async () => {
    const pending = { status: "pending", identifier: { type: "dns", value: "a.example.org" } };
    const challenges = [{ type: "http-01", url: "http://127.0.0.1/", token: "t".repeat(43), status: "pending" }];
    const reply = { headers: { "retry-after": "3600" }, json: { ...pending, challenges } };
    using ca = await FakeCa.open({ authorization: reply });
    challenges[0]!.url = ca.url("challenge");
    const options = { challenges: ["http-01" as const], limits: { ...LIMITS, maxRetryAfterMs: 40 } };
    const failure = await failureOf(issue(issuerFor(ca, responses, options), ["a.example.org"]));
    expect(failure.message).toMatch(/a\.example\.org by http-01: it is still pending after 150ms/);
    // One read to find the challenge, then one each 40 ms.
    expect(ca.asked.filter((resource) => resource === "authorization").length).toBeWithin(3, 7);
  });

  test("a rate limit: the error says when to try again, and nothing is sent until then", async () => {
    using ca = await FakeCa.open({ order: problem("rateLimited", 429, { "retry-after": "604800" }) });
    const failure = await failureOf(issue(issuerFor(ca, responses), ["a.example.org"]));
    expect([failure.retryAfterMs, failure.fix]).toEqual([604_800_000, expect.stringContaining("letsencrypt-staging")]);
    expect(ca.asked.filter((resource) => resource === "order")).toHaveLength(1);
  });

  test("a certificate for another key", async () => {
    const { cert } = await challengeCertificate({ type: "dns", value: "a.example.org" }, new Uint8Array(32));
    using ca = await FakeCa.open({ certificate: { text: cert, type: CHAIN } });
    const failure = await failureOf(issue(issuerFor(ca, responses), ["a.example.org"]));
    expect(failure.message).toBe("Cannot use the certificate that the CA made: a.example.org: it is for another key");
  });

  test("a key beside the certificate", async () => {
    const { cert, key } = await challengeCertificate({ type: "dns", value: "a.example.org" }, new Uint8Array(32));
    using ca = await FakeCa.open({ certificate: { text: cert + key, type: CHAIN } });
    const failure = await failureOf(issue(issuerFor(ca, responses), ["a.example.org"]));
    expect(failure.message).toContain("more in it than certificates");
  });
});

describe("an answer that is lost", () => {
  const lost: Reply = (socket) => void socket.destroy();

  test("to a finalized order, is looked up in the order: it is not finalized twice", async () => {
    using ca = await FakeCa.open({ finalize: lost });
    const failure = await failureOf(issue(issuerFor(ca, responses), ["a.example.org"]));
    // This CA has no certificate to give: the order went on to its last step.
    expect(failure.step).toBe("download");
    expect(ca.asked.filter((resource) => resource === "finalize")).toHaveLength(1);
  });

  test("to a challenge, is looked up in the authorization: the CA is not told twice", async () => {
    using ca = await FakeCa.open({ challenge: lost });
    const failure = await failureOf(issue(issuerFor(ca, responses), ["a.example.org"]));
    expect(failure.step).toBe("download");
    expect(ca.asked.filter((resource) => resource === "challenge")).toHaveLength(1);
  });
});

test("a name that the CA believes already is not proved again", async () => {
  const json = { status: "valid", identifier: { type: "dns", value: "a.example.org" }, challenges: [] };
  using ca = await FakeCa.open({ authorization: { json } });
  const failure = await failureOf(issue(issuerFor(ca, responses), ["a.example.org"]));
  expect(failure.step).toBe("download");
  expect(ca.asked).not.toContain("challenge");
});

test("an order that no challenge could prove says why each failed, and what to do about each", async () => {
  const challenges = ["http-01", "tls-alpn-01"].map((type) => ({
    type,
    url: "http://127.0.0.1:1/challenge",
    token: "t".repeat(43),
    status: "invalid",
    error: { type: "urn:ietf:params:acme:error:connection", detail: `no route for ${type}` },
  }));
  using ca = await FakeCa.open({
    authorization: (socket) => {
      const status = ca.asked.at(-2) === "challenge" ? "invalid" : "pending";
      for (const each of challenges) each.url = `${ca.url("challenge")}/${each.type}`;
      ca.answer(socket, { json: { status, identifier: { type: "dns", value: "a.example.org" }, challenges } });
    },
  });
  const failure = await failureOf(issue(issuerFor(ca, responses), ["a.example.org"]));
  expect(failure.message).toBe(
    "The CA could not validate the challenge: a.example.org by http-01: the CA says connection: no route for http-01; " +
      "a.example.org by tls-alpn-01: the CA says connection: no route for tls-alpn-01",
  );
  expect(failure.fix).toMatch(/port 80.*; or: .*port 443/);
});

test("a wildcard that its only challenge could not prove is ordered once", async () => {
  const error = { type: "urn:ietf:params:acme:error:dns", detail: "no TXT record" };
  const challenge = { type: "dns-01", url: "", token: "t".repeat(43), status: "invalid", error };
  using ca = await FakeCa.open({
    authorization: (socket) => {
      const status = ca.asked.at(-2) === "challenge" ? "invalid" : "pending";
      const identifier = { type: "dns", value: "example.org" };
      challenge.url = ca.url("challenge");
      ca.answer(socket, { json: { status, identifier, wildcard: true, challenges: [challenge] } });
    },
  });
  const options = { dns: { command: ["/bin/true"] as const, waitMs: 0 } };
  const failure = await failureOf(issue(issuerFor(ca, responses, options), ["*.example.org"]));
  expect(failure.message).toContain("*.example.org by dns-01: the CA says dns: no TXT record");
  expect(ca.asked.filter((resource) => resource === "order")).toHaveLength(1);
});

test("an aborted order ends at once, and withdraws its challenges", async () => {
  using ca = await FakeCa.open({ "order-state": () => undefined });
  const abort = new AbortController();
  const issued = issuerFor(ca, responses).issue({ names: ["a.example.org"], signal: abort.signal });
  while (!ca.asked.includes("order-state")) await new Promise((resolve) => setTimeout(resolve, 5));
  const startMs = performance.now();
  abort.abort(new Error("tenk stops"));
  const failure = await failureOf(issued);
  expect(failure.message).toContain("tenk stops");
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect([...tokens]).toEqual([]);
});

test("a server whose certificate is not trusted is named as such", async () => {
  const { createServer } = await import("node:https");
  const own = await challengeCertificate({ type: "dns", value: "localhost" }, new Uint8Array(32));
  const server = createServer(own).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const failure = await failureOf(
    issue(issuerFor({ directory: `https://localhost:${port}/` }, responses), ["a.example.org"]),
  );
  server.close();
  expect(failure.fix).toContain("set ca to the root that signed it");
  expect([failure.step, failure.isTransient]).toEqual(["directory", false]);
});
