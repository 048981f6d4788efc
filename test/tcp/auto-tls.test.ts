import { afterEach, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { effectiveSettings, parseConfig } from "../../src/app/mod.ts";
import { changeTogether } from "../../src/app/reload.ts";
import { checkListeners, Listeners } from "../../src/tcp/listeners/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { opened } from "../certificates/store-support.ts";
import { DAY_MS } from "../certificates/support.ts";
import { until } from "../net/support.ts";
import { cleanUp, naming } from "./relay-support.ts";

const open: { stop(graceMs: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop(0)));
  await cleanUp();
});

function settings(listener: string) {
  const { config, folder } = parseConfig(`domain: home.arpa\ntcp: { a: ${listener} }\n`, "test.yaml");
  return { config: config.tcp!, folder, domain: config.domain };
}

async function started(listener: string) {
  const made = await opened();
  const log = keptLog();
  const certificates = Object.assign(made.store, { caPages: () => ({}) });
  const listeners = await Listeners.start(settings(listener), { log, certificates });
  open.push(listeners);
  const server = () => listeners.running[0]!.server;
  const reload = (next: string) => changeTogether([() => listeners.prepare(settings(next))]);
  return { ...made, log, server, reload };
}

/** The certificates are of the test's clock, so that only their names and fingerprints are looked at. */
async function visit(port: number, servername?: string): Promise<TLSSocket> {
  const options = { host: "127.0.0.1", port, rejectUnauthorized: false, ...(servername && { servername }) };
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(options, () => resolve(socket));
    socket.on("error", reject);
  });
}

async function namesFor(port: number, servername?: string): Promise<string | undefined> {
  const socket = await visit(port, servername);
  const names = socket.getPeerCertificate().subjectaltname;
  socket.destroy();
  return names;
}

const LISTEN = "listen: 127.0.0.1:0, handler: echo";

describe("tls: auto", () => {
  test("has certificates of the names of this machine, and one of loopback for clients that name none", async () => {
    const { server, store } = await started(`{ ${LISTEN}, tls: auto }`);
    const name = `${hostname().toLowerCase()}.home.arpa`;
    expect(await namesFor(server().port, name)).toBe(`DNS:${name}`);
    expect(await namesFor(server().port)).toContain("IP Address:127.0.0.1");
    // Nobody gets one for a name that was not declared.
    expect(await namesFor(server().port, "other.home.arpa")).toContain("IP Address:127.0.0.1");
    expect(store.status().flatMap(({ names }) => names)).not.toContain("other.home.arpa");
  });

  test("has those of the listed names, and a reload changes them while connections stay", async () => {
    const { server, reload, log, store } = await started(`{ ${LISTEN}, tls: { cert: auto, names: [db.home.arpa] } }`);
    expect(await namesFor(server().port, "localhost")).toBe("DNS:localhost");
    expect(store.status().map(({ names }) => names.join())).toEqual(["127.0.0.1,::1", "db.home.arpa", "localhost"]);
    const before = server();
    const socket = await visit(before.port, "db.home.arpa");
    expect(socket.getPeerCertificate().subjectaltname).toBe("DNS:db.home.arpa");
    await reload(`{ ${LISTEN}, tls: { cert: auto, names: [mail.home.arpa], minVersion: TLSv1.3 } }`);
    expect(server()).toBe(before);
    expect(await namesFor(before.port, "mail.home.arpa")).toBe("DNS:mail.home.arpa");
    expect(await namesFor(before.port, "db.home.arpa")).toContain("127.0.0.1");
    expect(store.status().flatMap(({ names }) => names)).not.toContain("db.home.arpa");
    expect(log.lines.at(-1)?.slice(1)).toEqual(["listener changed", { name: "a", changed: "tls" }]);
    let echoed = "";
    socket.on("data", (chunk) => (echoed += chunk));
    socket.write("still");
    await until(() => echoed === "still");
    socket.destroy();
  });

  test("gets a renewed certificate while a relay's connections stay, also while a reload waits", async () => {
    const target = await naming("db");
    const relay = `listen: 127.0.0.1:0, handler: relay, relay: { targets: ["${target.address}"] }`;
    const listener = `{ ${relay}, tls: { cert: auto, names: [db.home.arpa] } }`;
    const { server, reload, clock, pass } = await started(listener);
    const before = server();
    const socket = await visit(before.port, "db.home.arpa");
    let got = "";
    socket.on("data", (chunk) => (got += chunk));
    await until(() => got === "db:");
    const { fingerprint256 } = socket.getPeerCertificate();
    clock.sleep(20 * DAY_MS);
    // The renewed certificate is served by way of a lock that the reload holds, and the reload waits for the store.
    await Promise.all([pass(30_000), reload(listener)]);
    const after = await visit(before.port, "db.home.arpa");
    expect(after.getPeerCertificate().fingerprint256).not.toBe(fingerprint256);
    expect(server()).toBe(before);
    socket.write("x");
    await until(() => got === "db:x");
    socket.destroy();
    after.destroy();
  });

  test("changes to certificates of its own, and back, at the same port", async () => {
    const { server, reload, ca } = await started(`{ ${LISTEN}, tls: { cert: auto, names: [db.home.arpa] } }`);
    const { port } = server();
    const own = await ca.issue({ names: ["own.home.arpa"], signal: AbortSignal.timeout(5000) });
    const pem = { cert: own.cert, key: own.key };
    await reload(`{ ${LISTEN}, tls: ${JSON.stringify(pem)} }`);
    expect([server().port, await namesFor(port, "db.home.arpa")]).toEqual([port, "DNS:own.home.arpa"]);
    await reload(`{ ${LISTEN}, tls: auto }`);
    expect(await namesFor(port, "localhost")).toBe("DNS:localhost");
  });
});

describe("the section", () => {
  test.each([
    ["{ cert: auto, key: a.key }", "tcp.a.tls.key: only beside a certificate of your own, found"],
    ["{ cert: a.pem }", "tcp.a.tls.key: expected a file's path or PEM text, found nothing"],
    ["{ cert: a.pem, key: a.key, names: [b.c] }", "tcp.a.tls.names.b.c.cert: expected auto for all certificates or"],
    ["{ cert: auto, names: { b.c: { cert: x, key: y } } }", "tcp.a.tls.names.b.c.cert: expected auto for all"],
    ["{ cert: auto, names: 3 }", "tcp.a.tls.names: expected certificates by name, or a list of names, found 3"],
    ["automatic", "tcp.a.tls: expected a section"],
  ])("of %s is refused", (tls, problem) => {
    expect(() => settings(`{ ${LISTEN}, tls: ${tls} }`)).toThrow(problem);
  });

  test("is checked for names that no certificate can have", () => {
    expect(() => checkListeners(settings(`{ ${LISTEN}, tls: { cert: auto, names: [a..b] } }`))).toThrow(
      'Cannot make a certificate for "a..b"',
    );
  });

  test("is printed as a file accepts it", () => {
    const loaded = parseConfig(`tcp: { a: { ${LISTEN}, tls: { cert: auto, names: [b.c] } } }`, "test.yaml");
    const shown = effectiveSettings(loaded).filter(({ key }) => /tls\.(cert|names)/.test(key));
    expect(shown.map(({ key, value }) => `${key} ${value}`)).toEqual([
      "tcp.a.tls.cert auto",
      'tcp.a.tls.names."b.c".cert auto',
    ]);
  });
});
