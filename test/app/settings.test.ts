import { describe, expect, test } from "bun:test";
import { effectiveSettings, parseConfig } from "../../src/app/mod.ts";
import { fileOf } from "./settings-support.ts";

describe("effective settings", () => {
  test("tell what was written from what was taken by default", () => {
    const settings = effectiveSettings(parseConfig("tcp: { a: { listen: 7001, limits: { idle: 90s } } }", "tenk.yaml"));
    const byKey = Object.fromEntries(settings.map(({ key, value, defaulted }) => [key, [value, defaulted]]));
    expect(byKey["tcp.a.listen"]).toEqual(["0.0.0.0:7001", false]);
    expect(byKey["tcp.a.limits.idle"]).toEqual(["90s", false]);
    expect(byKey["tcp.a.limits.stall"]).toEqual(["1m", true]);
    expect(byKey["tcp.a.writeQueue.max"]).toEqual(["1MiB", true]);
    expect(byKey["log.level"]).toEqual(["info", true]);
  });

  test("tell a certificate of a name apart from a section, and know that it was written", () => {
    const names = `{ git.home.arpa: { cert: ./git.pem, key: ./git-key.pem } }`;
    const settings = effectiveSettings(
      parseConfig(`tcp: { a: { listen: 1, tls: { cert: ./c.pem, key: ./k.pem, names: ${names} } } }`, "tenk.yaml"),
    );
    const key = 'tcp.a.tls.names."git.home.arpa".cert';
    expect(settings).toContainEqual({ key, value: "./git.pem", defaulted: false });
  });

  const LISTENERS = {
    addresses: "{ listen: '[::1]:7001', workers: auto, keepAlive: 1500ms }",
    "a Unix socket": "{ listen: 'unix:@x', backlog: 7 }",
    relay: `{ listen: 1, handler: relay, relay: {
      targets: ["127.0.0.1:5432", { address: "unix:@db", weight: 3, draining: true }], balance: weighted,
      connectTimeout: 1500ms, attempts: 2, proxyHeader: v2, maxPairs: 7, stall: 90s, finish: 0ms,
      health: { failures: 0, backOff: 61s, maxBackOff: 2h, check: 1ms, checkTimeout: 90m } } }`,
    "a relay over TLS": `{ listen: 1, handler: relay, relay: { targets: ["a:1"],
      tls: { serverName: db.home.arpa, verify: false, ca: ./ca.pem, alpn: [h2], minVersion: TLSv1.3 } } }`,
    "a relay over TLS by default": `{ listen: 1, handler: relay, relay: { targets: ["a:1"], tls: true } }`,
    tls: `{ listen: 1, tls: { cert: ./cert.pem, key: "./a key.pem", alpn: [h2, http/1.1],
      names: { git.home.arpa: { cert: ./git.pem, key: ./git-key.pem }, "*.home.arpa": { cert: ./all.pem, key: ./all-key.pem } },
      clientCertificates: require, clientCa: ./ca.pem, clientRevocations: ./crl.pem, minVersion: TLSv1.3,
      ciphers: ECDHE-ECDSA-AES128-GCM-SHA256, groups: [X25519], handshake: 2500ms, maxHandshakes: 0 } }`,
    "a proxy's": `{ listen: 1, proxyProtocol: { trusted: ["10.0.0.0/8", "::1"], timeout: 3s } }`,
    limits: `{ listen: 1, limits: { connections: 10000, idle: 1h, readPerSecond: 1.5MiB, totalWritePerSecond: 999 },
      writeQueue: { high: 3KiB, low: 1, max: 1GiB }, subscribers: { maxQueued: 0, whenFull: close, maxRelayed: 2MiB } }`,
    options: `{ listen: 1, handler: ./chat.ts, options: { rooms: [a, 1, null], deep: { "a.b": "2" } }, dump: hex, dumpFilter: ["::/0"] }`,
  };

  test.each(Object.entries(LISTENERS))("are words the file accepts, and mean the same: %s", (_, listener) => {
    const text = `tcp: { a: ${listener} }\ndata: { folder: "./my data", history: false }\nlog: { level: warn }
dashboard: { listen: "[::]:80", scrapers: [10.0.0.7], proxies: ["fd00::/8"], names: [instance.home.arpa] }`;
    const once = parseConfig(text, "tenk.yaml");
    expect(parseConfig(fileOf(effectiveSettings(once)), "again.yaml").config).toEqual(once.config);
  });
});

test("no secret of a listener is printed", () => {
  const tls = "{ cert: ./c.pem, key: ./k.pem, passphrase: hunter2 }";
  const settings = effectiveSettings(parseConfig(`tcp: { a: { listen: 1, tls: ${tls} } }`, "tenk.yaml"));
  expect(settings).toContainEqual({ key: "tcp.a.tls.passphrase", value: "(secret)", defaulted: false });
  expect(JSON.stringify(settings)).not.toContain("hunter2");
});
