/** A whole instance with public names: Pebble validates them at its ports, signs, and what it signed is served. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { buildPebble, startPebble } from "../certificates/acme/pebble.ts";
import { hasGo, testWithoutGo } from "../net/go.ts";
import { freePort } from "../net/support.ts";

if (!hasGo) testWithoutGo("an instance with Pebble");

/** @returns status, body, and the names of the certificate, which must be of `ca` */
function ask(port: number, host: string, ca: string): Promise<[status: number, body: string, names: string]> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, servername: host, headers: { host }, ca, agent: false as const };
    const sent = request(options, (answer) => {
      const certificate = (answer.socket as TLSSocket).getPeerCertificate() as DetailedPeerCertificate;
      let body = "";
      answer.on("data", (chunk) => (body += chunk));
      answer.on("end", () => resolve([answer.statusCode ?? 0, body, certificate.subjectaltname ?? ""]));
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Asks until the certificate is in force: event loops get it a moment after the store has it. */
async function served(port: number, host: string, ca: string): ReturnType<typeof ask> {
  for (const deadline = performance.now() + 5000; ; ) {
    const answer = await ask(port, host, ca).catch((error: unknown) => error as Error);
    if (!(answer instanceof Error)) return answer;
    if (performance.now() > deadline) throw answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the public names have certificates. */
async function issued(instance: Instance, names: readonly string[]): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; ) {
    const { certificates } = await instance.status();
    const wanted = certificates.filter((each) => each.names.some((name) => names.includes(name)));
    if (wanted.length === names.length && wanted.every(({ state }) => state === "valid")) {
      expect(wanted.map(({ issuer, lastError }) => [issuer, lastError])).toEqual(
        names.map(() => ["acme", undefined] as never),
      );
      return;
    }
    if (performance.now() > deadline) throw new Error(`No certificate within a minute: ${JSON.stringify(wanted)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.skipIf(!hasGo)("an instance with public names", () => {
  test.each(["http-01", "tls-alpn-01"])(
    "gets their certificates from Pebble by %s, serves them, and gets one more after a reload",
    async (kind) => {
      buildPebble();
      const folder = mkdtempSync(join(tmpdir(), "tenk-public-"));
      const [tlsPort, httpPort] = [await freePort(), await freePort()];
      await using pebble = await startPebble({ httpPort, tlsPort, badNonces: 50 });
      const root = await (await fetch(`${pebble.management}/roots/0`, { tls: { ca: pebble.ca } })).text();
      const config = (names: readonly string[]) =>
        parseConfig(
          JSON.stringify({
            domain: "home.arpa",
            dashboard: { listen: "127.0.0.1:0" },
            proxy: { https: `127.0.0.1:${tlsPort}`, http: `127.0.0.1:${httpPort}`, workers: 2 },
            certificates: { acme: pebble.directory, ca: pebble.ca, challenges: [kind] },
            data: { folder, history: false },
            services: Object.fromEntries(
              names.map((name) => [name.split(".")[0], { respond: `this is ${name}`, hosts: [name] }]),
            ),
          }),
          "test.yaml",
        );
      const first = ["git.example.org", "shop.example.org"];
      const instance = await up(config(first), { logDefaults: false });
      try {
        await issued(instance, first);
        for (const name of first)
          expect(await served(tlsPort, name, root)).toEqual([200, `this is ${name}`, `DNS:${name}`]);
        await instance.reload(config([...first, "more.example.org"]));
        await issued(instance, [...first, "more.example.org"]);
        const [status, , names] = await served(tlsPort, "more.example.org", root);
        expect([status, names]).toEqual([200, "DNS:more.example.org"]);
      } finally {
        await instance.stop(0);
        rmSync(folder, { recursive: true, force: true });
      }
    },
    300_000,
  );
});
