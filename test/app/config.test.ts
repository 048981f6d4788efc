import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { effectiveSettings, loadConfig, parseConfig } from "../../src/app/mod.ts";
import { TenkError } from "../../src/base/mod.ts";
import { handlerFile, listenOptions } from "../../src/tcp/listeners/options.ts";
import { relaySettings } from "../../src/tcp/mod.ts";
import { fileOf } from "./settings-support.ts";

function refusal(text: string): string {
  try {
    parseConfig(text, "tenk.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(TenkError);
    expect((error as TenkError).code).toBe("config");
    return (error as TenkError).message;
  }
  throw new Error("expected the configuration to be refused");
}

describe("a configuration", () => {
  test("is complete without a file: the sink on 9091, the dashboard on loopback", () => {
    const { config, written } = loadConfig();
    expect(Object.keys(config.tcp ?? {})).toEqual(["packets"]);
    expect(config.tcp?.packets?.listen).toEqual({ host: "0.0.0.0", port: 9091 });
    expect(config.tcp?.packets?.handler).toBe("sink");
    expect(config.dashboard.listen).toEqual({ host: "127.0.0.1", port: 9190 });
    expect(written.size).toBe(0);
  });

  test.each([
    ["", ["tcp"]],
    ["dashboard: { listen: 9190 }\ndata: { history: false }\nlog: { level: debug }", ["tcp"]],
    ["tcp: { a: { listen: 1 } }", ["tcp"]],
    ["services: {}", ["tcp"]],
    ["proxy: off", ["tcp"]],
    ["services: { git: http://127.0.0.1:3000 }", ["proxy"]],
    ["proxy:", ["proxy"]],
    ["proxy: { workers: 1 }", ["proxy"]],
    ["services: { git: http://127.0.0.1:3000 }\ntcp:", ["proxy", "tcp"]],
    ["services: { git: http://127.0.0.1:3000 }\ntcp: { a: { listen: 1 } }", ["proxy", "tcp"]],
    ["services: { cache: redis://127.0.0.1 }", []],
    ["services: { git: http://127.0.0.1:3000 }\nproxy: off", []],
  ])("%j starts the parts that it asks for, and the sink where it asks for none", (text, parts) => {
    const loaded = parseConfig(text, "tenk.yaml");
    expect(["proxy", "tcp"].filter((name) => loaded.config[name as "proxy" | "tcp"] !== undefined)).toEqual(parts);
    const sections = new Set(effectiveSettings(loaded).map(({ key }) => key.split(".")[0]!));
    expect(["proxy", "tcp"].filter((name) => sections.has(name))).toEqual(parts);
  });

  test("reads quantities as people write them", () => {
    const text = `
tcp:
  a: { listen: "127.0.0.1:7001", handler: echo, workers: auto, backlog: 1k, limits: { connections: 20k, idle: 90s } }
  b: { listen: unix:/run/tenk.sock, writeQueue: { max: 2MiB } }
log: { level: debug }
dashboard:
`;
    const { config } = parseConfig(text, "tenk.yaml");
    expect(config.tcp?.a).toMatchObject({ listen: { host: "127.0.0.1", port: 7001 }, workers: "auto", backlog: 1000 });
    expect(config.tcp?.a?.limits).toMatchObject({ connections: 20_000, idle: 90_000, stall: 60_000 });
    expect(config.tcp?.b).toMatchObject({
      listen: { path: "/run/tenk.sock" },
      writeQueue: { max: 2_097_152, low: 16_384 },
    });
    expect(config.dashboard.listen).toEqual({ host: "127.0.0.1", port: 9190 });
  });

  test.each([
    ["tcp:\n  a:\n    listne: 1\n    listen: 2", "tenk.yaml:3: tcp.a.listne: unknown key, did you mean listen?"],
    ["tcp:\n  a: { listen: 1 }\ndashbord: {}", "tenk.yaml:3: dashbord: unknown key, did you mean dashboard?"],
    ["log: { zzzzzzzzz: 1 }", "tenk.yaml:1: log.zzzzzzzzz: unknown key, expected one of level, format"],
    [
      "tcp:\n  a:\n    listen: 1\n    limits:\n      idle: 10x",
      'tenk.yaml:5: tcp.a.limits.idle: expected a duration such as 30s or 10ms, found "10x"',
    ],
    [
      "tcp:\n  a:\n    listen: 1\n    limits:\n      idle: 10",
      "tenk.yaml:5: tcp.a.limits.idle: expected a duration such as 30s or 10ms, found 10",
    ],
    [
      "tcp:\n  a:\n    listen: 99999",
      "tenk.yaml:3: tcp.a.listen: expected a port, host:port or unix:/path, found 99999",
    ],
    [
      "tcp:\n  a:\n    handler: sink",
      "tenk.yaml:2: tcp.a.listen: expected a port, host:port or unix:/path, found nothing",
    ],
    [
      "tcp:\n  a: { listen: 1,\n    handler: sunk }",
      'tenk.yaml:3: tcp.a.handler: expected sink, echo, relay or a file such as ./chat.ts, found "sunk"',
    ],
    [
      "tcp:\n  a: { listen: 1, workers: many }",
      'tenk.yaml:2: tcp.a.workers: expected auto or a number from 1 to 256, found "many"',
    ],
    [
      "tcp:\n  a: { listen: 1, workers: 0 }",
      "tenk.yaml:2: tcp.a.workers: expected auto or a number from 1 to 256, found 0",
    ],
    [
      "tcp:\n  a: { listen: 127.0.0.2:1 }\n  b: { listen: 127.0.0.1:1 }\n  c: { listen: 0.0.0.0:1 }",
      "tenk.yaml:4: tcp.c.listen: expected an address of its own, 0.0.0.0:1 is that of tcp.a.listen (line 2)",
    ],
    [
      "tcp:\n  a: { listen: unix:/x }\n  b: { listen: unix:/x }",
      "tenk.yaml:3: tcp.b.listen: expected an address of its own, unix:/x is that of tcp.a.listen (line 2)",
    ],
    [
      "tcp:\n  a: { listen: 1, writeQueue: { high: 2MiB } }",
      "tenk.yaml:2: tcp.a.writeQueue: expected low <= high <= max, found a section",
    ],
    [
      "tcp:\n  A b: { listen: 1 }",
      "tenk.yaml:2: tcp.A b: expected a name of a-z, 0-9 and -, at most 40, a letter first",
    ],
    ["tcp: {}", "tenk.yaml:1: tcp: expected at least one listener, found a section"],
    ["tcp:\n- 1", "tenk.yaml:2: tcp: expected listeners by name, found a list"],
    [
      "tcp:\n  a: { listen: 1, keepAlive: 250us }",
      'tenk.yaml:2: tcp.a.keepAlive: expected a duration such as 30s or 10ms, found "250us"',
    ],
    ["dashboard:\n  listen: unix:/x", 'tenk.yaml:2: dashboard.listen: expected a port or host:port, found "unix:/x"'],
    ["log: 3", "tenk.yaml:1: log: expected a section, found 3"],
    ["[]", "tenk.yaml:1: the file: expected a section, found a list"],
  ] as const)("%j is refused with file, line, key, expected and found", (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  test("broken YAML is refused with its line", () => {
    expect(refusal("tcp:\n  a: [1\nlog: {}")).toStartWith("tenk.yaml:3: ");
    expect(refusal("log: {}\nlog: {}")).toStartWith("tenk.yaml:2: ");
  });

  test("all problems are reported at once, one per line", () => {
    expect(refusal("log: 3\ntcp:\n  a: { listen: x }").split("\n")).toHaveLength(2);
  });

  test("a missing file is named", () => {
    expect(() => loadConfig("/nowhere/tenk.yaml")).toThrow("/nowhere/tenk.yaml");
  });
});

const FULL = `
tcp:
  chat:
    listen: 7000
    handler: ./chat.ts
    options: { room: hall, deep: { list: [1, 2] } }
    tls:
      cert: chat.pem
      key: /keys/chat.key
      names: { git.home.arpa: { cert: git.pem, key: git.key } }
      alpn: [chat, h2]
      alpnMismatch: continue
      clientCertificates: require
      clientCa: ca.pem
      minVersion: TLSv1.3
      handshake: 5s
      maxHandshakes: 10
    proxyProtocol: { trusted: [10.0.0.0/8], timeout: 2s }
    subscribers: { maxQueued: 1MiB, whenFull: close, maxTopics: 3 }
    limits: { readPerSecond: 1MiB, writePerSecond: 2MiB, totalReadPerSecond: 3MiB, totalWritePerSecond: 4MiB }
    dump: hex
    dumpFilter: [10.0.0.0/8, unix]
  door:
    listen: 5433
    handler: relay
    relay:
      targets: [10.0.0.5:5432, { address: unix:/run/db, weight: 3, draining: true }]
      balance: weighted
      connectTimeout: 1s
      attempts: 2
      health: { failures: 1, within: 6s, backOff: 2s, maxBackOff: 3s, check: 4s, checkTimeout: 5s }
      proxyHeader: v2
      tls: { serverName: db.home.arpa, ca: ca.pem }
      maxPairs: 7
      stall: 8s
      finish: 9s
`;

describe("a configuration in full", () => {
  const loaded = parseConfig(FULL, "tenk.yaml", "/box");
  const options = (name: string) => listenOptions(name, loaded.config.tcp![name]!, loaded.folder);

  test("is what net is given: files from its folder, times in ms, sizes in bytes", () => {
    expect(options("chat")).toMatchObject({
      handlerOptions: { room: "hall", deep: { list: [1, 2] } },
      halfOpen: false,
      tls: {
        cert: "/box/chat.pem",
        key: "/keys/chat.key",
        names: { "git.home.arpa": { cert: "/box/git.pem", key: "/box/git.key" } },
        alpn: ["chat", "h2"],
        alpnMismatch: "continue",
        clientCertificates: "require",
        clientCa: "/box/ca.pem",
        minVersion: "TLSv1.3",
        handshakeMs: 5000,
        maxHandshakes: 10,
      },
      proxyProtocol: { trusted: ["10.0.0.0/8"], timeoutMs: 2000 },
      subscribers: { maxQueuedBytes: 2 ** 20, whenFull: "close", maxTopics: 3 },
      limits: { readBytesPerSecond: 2 ** 20, totalWriteBytesPerSecond: 2 ** 22 },
    });
    expect(handlerFile(loaded.config.tcp!.chat!, loaded.folder)).toBe("/box/chat.ts");
  });

  test("is what a relay is given", () => {
    const { handlerOptions, halfOpen } = options("door");
    expect(halfOpen).toBe(true);
    expect(handlerOptions).toEqual({
      name: "door",
      targets: [
        { address: "10.0.0.5:5432", weight: 1, draining: false },
        { address: "unix:/run/db", weight: 3, draining: true },
      ],
      balance: "weighted",
      connectTimeoutMs: 1000,
      attempts: 2,
      health: { failures: 1, withinMs: 6000, backOffMs: 2000, maxBackOffMs: 3000, checkMs: 4000, checkTimeoutMs: 5000 },
      proxyHeader: "v2",
      tls: { serverName: "db.home.arpa", ca: "/box/ca.pem", verify: true, minVersion: "TLSv1.2" },
      maxPairs: 7,
      stallMs: 8000,
      finishMs: 9000,
    });
    expect(relaySettings(handlerOptions).targets).toHaveLength(2);
  });

  test("takes as defaults what the library does", () => {
    const plain = parseConfig("tcp: { a: { listen: 1, handler: relay, relay: { targets: [a:1] } } }", "tenk.yaml");
    const { handlerOptions } = listenOptions("a", plain.config.tcp!.a!, "/");
    const { place: _, ...target } = relaySettings({ targets: ["a:1"] }).targets[0]!;
    expect(handlerOptions).toEqual({
      ...relaySettings({ name: "a", targets: ["a:1"] }),
      targets: [target],
      tls: undefined,
    });
  });

  test("keeps PEM text unchanged, and does not print it", () => {
    const text = `tcp: { a: { listen: 1, tls: { cert: "-----BEGIN CERTIFICATE-----", key: "-----BEGIN PRIVATE KEY-----" } } }`;
    const pem = parseConfig(text, "tenk.yaml", "/box");
    expect(listenOptions("a", pem.config.tcp!.a!, "/box").tls?.key).toBe("-----BEGIN PRIVATE KEY-----");
    expect(effectiveSettings(pem).find(({ key }) => key === "tcp.a.tls.key")?.value).toBe("(PEM text)");
  });

  test.each([
    ["handler: relay", "relay: expected a section, as handler is relay, found nothing"],
    ["relay: { targets: [a:1] }", "relay: only for handler: relay (it is sink), found a section"],
    ["options: 5", "options: only for a handler's file (it is sink), found 5"],
    [
      "handler: relay\n    halfOpen: false\n    relay: { targets: [a:1] }",
      "halfOpen: expected true, as a relay keeps half-close",
    ],
    ["dumpFilter: [10.0.0.1]", "dumpFilter: only beside dump: text or dump: hex"],
    [
      "dump: text\n    dumpFilter: [ten]",
      "dumpFilter: expected addresses or ranges such as 192.0.2.1, 10.0.0.0/8 or unix",
    ],
    ["tls: { cert: a, key: b, clientCertificates: ask }", "tls.clientCa: expected who signs clients' certificates"],
    ["tls: { cert: a }", "tls.key: expected a file's path or PEM text, found nothing"],
    ["tls: { cert: a, key: b, name: {} }", "tls.name: unknown key, did you mean names?"],
    ["tls: { cert: a, key: b, names: { a.b: { crt: c } } }", "tls.names.a.b.crt: unknown key, did you mean cert?"],
    ["handler: relay\n    relay: { targets: [] }", "relay.targets: expected a list of addresses, found a list"],
    ["handler: relay\n    relay: { targets: [a:1], balanse: x }", "relay.balanse: unknown key, did you mean balance?"],
    [
      "handler: relay\n    relay: { targets: [{ adress: a:1 }] }",
      "relay.targets.0.adress: unknown key, did you mean address?",
    ],
    ["handler: relay\n    relay: { targets: [a:1], tls: { ver: 1 } }", "relay.tls.ver: unknown key"],
    ["handler: relay\n    relay: { targets: [a:1], health: { check: x } }", "relay.health.check: expected a duration"],
    ["proxyProtocol: { trusted: [everybody] }", "proxyProtocol.trusted: expected addresses or ranges"],
    ["subscribers: { whenFull: wait }", "subscribers.whenFull: expected one of drop-oldest, drop-newest, close"],
    ["limits: { readPerSecond: fast }", "limits.readPerSecond: expected a size such as 64KiB or 1MiB"],
  ])("refuses %j by name", (words, message) => {
    expect(refusal(`tcp:\n  a:\n    listen: 1\n    ${words}`)).toMatch(/^tenk\.yaml:\d+: tcp\.a\./);
    expect(refusal(`tcp:\n  a:\n    listen: 1\n    ${words}`)).toContain(`: tcp.a.${message}`);
  });

  test("refuses workers on a Unix socket", () => {
    expect(refusal("tcp: { a: { listen: unix:/x, workers: 2 } }")).toContain("tcp.a.workers: expected 1");
  });

  test("is printed whole, in words that mean the same, and every key stands in docs/configuration.md", () => {
    const settings = effectiveSettings(loaded);
    const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
    for (const { key } of settings) {
      const documented = key.replace(/^tcp\.\w+/, "tcp.NAME").replace(/(tls\.names|relay\.tls)\..*/, "$1");
      expect([key, page.includes(`\`${documented}\``)]).toEqual([key, true]);
    }
    expect(parseConfig(fileOf(settings), "again.yaml").config).toEqual(loaded.config);
  });
});
