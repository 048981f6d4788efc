import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { checkTls } from "../../../src/probe/checks/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-tls-check-"));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});
const file = (name: string) => join(folder, name);
const pem = (name: string) => readFileSync(file(name), "utf8");
const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "ignore" });
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

interface Made {
  readonly names?: string;
  readonly usage?: string;
  readonly days?: number;
}

/** Makes a certificate that the test's own CA signs. */
function make(
  name: string,
  { names = "IP:127.0.0.1,DNS:localhost", usage = "serverAuth", days = 30 }: Made = {},
): void {
  openssl("req", ...KEY, "-keyout", file(`${name}.key`), "-out", file(`${name}.csr`), "-subj", `/CN=${name}`);
  writeFileSync(file("extensions"), `subjectAltName=${names}\nextendedKeyUsage=${usage}`);
  openssl(..."x509 -req -CA".split(" "), file("ca.pem"), "-CAkey", file("ca.key"), "-in", file(`${name}.csr`), "-out", file(`${name}.pem`), "-days", `${days}`, "-extfile", file("extensions")); // biome-ignore format: one call
}

const SELF = ["-subj", "/CN=self", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30"];
openssl("req", "-x509", ...KEY, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-subj", "/CN=ca", "-days", "30");
openssl("req", "-x509", ...KEY, "-keyout", file("self.key"), "-out", file("self.pem"), ...SELF);
make("good");
make("other", { names: "DNS:other.example" });
make("client", { usage: "clientAuth" });
make("expired", { days: -1 });

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const served = (name: string, chain = "") =>
  listening(createTlsServer({ key: pem(`${name}.key`), cert: pem(`${name}.pem`) + chain }, (socket) => socket.on("error", () => {}))); // biome-ignore format: one call

const check = (port: number, more: Partial<Parameters<typeof checkTls>[0]> = {}) =>
  checkTls({ host: "127.0.0.1", port, timeoutMs: 20_000, slowMs: 20_000, certificateDays: 7, ...more });

const facts = { latencyMs: expect.any(Number), certificateUntilMs: expect.any(Number), version: "TLSv1.3" };

describe("a TLS service", () => {
  test("whose certificate is trusted is up, with the days that it has", async () => {
    expect(await check(await served("good"), { tls: { ca: pem("ca.pem") } })).toEqual({ result: "up", facts });
  });

  test("whose certificate is soon over is degraded", async () => {
    const outcome = await check(await served("good"), { tls: { ca: pem("ca.pem") }, certificateDays: 31 });
    expect(outcome).toEqual({ result: "degraded", facts, reason: "its certificate is over in 29 days" });
  });

  test.each([
    ["good", {}, "it sends its certificate without that of its issuer"],
    ["other", { ca: pem("ca.pem") }, "its certificate is for other.example, not for this target"],
    [
      "good",
      { ca: pem("ca.pem"), serverName: "nas.home.arpa" },
      "its certificate is for 127.0.0.1, localhost, not for",
    ],
    ["client", { ca: pem("ca.pem") }, "its certificate is not meant for servers"],
    ["expired", { ca: pem("ca.pem") }, "its certificate expired a day ago: renew it"],
    ["self", {}, "its certificate is signed by itself"],
  ])("with the certificate %s is down with tls %j: %s", async (name, tls, reason) => {
    const outcome = await check(await served(name), { tls });
    // When it is over is shown all the same.
    const until = { certificateUntilMs: expect.any(Number) };
    expect(outcome).toEqual({ result: "down", facts: until, reason: expect.stringContaining(reason) });
  });

  test("of a CA that nobody knows is down", async () => {
    const outcome = await check(await served("good", pem("ca.pem")));
    expect(outcome.reason).toContain("signed by an authority that is not trusted here");
  });

  test.each(["good", "other", "client", "expired", "self"])(
    "with the certificate %s is asked all the same where nothing is verified",
    async (name) => {
      const outcome = await check(await served(name), { tls: { verify: false }, certificateDays: 0 });
      expect(outcome.facts).toEqual(facts);
      expect(outcome.result).toBe(name === "expired" ? "degraded" : "up");
    },
  );

  test.each([
    ["says nothing", () => {}, "accepts connections and does not answer a TLS handshake: does it speak plain TCP?"],
    ["closes at once", (socket: Socket) => socket.destroy(), "the TLS handshake failed"],
    ["speaks another protocol", (socket: Socket) => socket.write("220 hello\r\n"), "the peer speaks no TLS"],
  ])("that %s is down", async (_, connected, reason) => {
    const port = await listening(createServer((socket) => connected(socket.on("error", () => {}))));
    const outcome = await check(port, { timeoutMs: 200 });
    expect(outcome).toEqual({ result: "down", facts: {}, reason: expect.stringContaining(reason) });
  });
});
