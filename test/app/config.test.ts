import { describe, expect, test } from "bun:test";
import { loadConfig, parseConfig } from "../../src/app/mod.ts";
import { TenkError } from "../../src/base/mod.ts";

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
    expect(Object.keys(config.tcp)).toEqual(["packets"]);
    expect(config.tcp.packets?.listen).toEqual({ host: "0.0.0.0", port: 9091 });
    expect(config.tcp.packets?.handler).toBe("sink");
    expect(config.dashboard.listen).toEqual({ host: "127.0.0.1", port: 9190 });
    expect(written.size).toBe(0);
  });

  test("reads quantities as people write them", () => {
    const text = `
tcp:
  a: { listen: "127.0.0.1:7001", handler: echo, workers: auto, backlog: 1k, limits: { connections: 20k, idle: 90s } }
  b: { listen: unix:/run/tenk.sock, outbox: { max: 2MiB } }
log: { level: debug }
dashboard:
`;
    const { config } = parseConfig(text, "tenk.yaml");
    expect(config.tcp.a).toMatchObject({ listen: { host: "127.0.0.1", port: 7001 }, workers: "auto", backlog: 1000 });
    expect(config.tcp.a?.limits).toMatchObject({ connections: 20_000, idle: 90_000, stall: 60_000 });
    expect(config.tcp.b).toMatchObject({ listen: { path: "/run/tenk.sock" }, outbox: { max: 2_097_152, low: 16_384 } });
    expect(config.dashboard.listen).toEqual({ host: "127.0.0.1", port: 9190 });
  });

  test.each([
    ["tcp:\n  a:\n    listne: 1\n    listen: 2", "tenk.yaml:3: tcp.a.listne: unknown key, did you mean listen?"],
    ["tcp:\n  a: { listen: 1 }\ndashbord: {}", "tenk.yaml:3: dashbord: unknown key, did you mean dashboard?"],
    ["log: { zzzzzzzzz: 1 }", "tenk.yaml:1: log.zzzzzzzzz: unknown key, expected one of level"],
    ["\n\nservices: {}", "tenk.yaml:3: services: not yet in this version"],
    ["dns: {}", "tenk.yaml:1: dns: not yet in this version"],
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
      'tenk.yaml:3: tcp.a.handler: expected one of sink, echo, found "sunk"',
    ],
    [
      "tcp:\n  a: { listen: 1, workers: many }",
      'tenk.yaml:2: tcp.a.workers: expected auto or a number from 1 to 256, found "many"',
    ],
    [
      "tcp:\n  a: { listen: 1, outbox: { high: 2MiB } }",
      "tenk.yaml:2: tcp.a.outbox: expected low <= high <= max, found a section",
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

  test("all problems are told at once, one a line", () => {
    expect(refusal("log: 3\ntcp:\n  a: { listen: x }").split("\n")).toHaveLength(2);
  });

  test("a missing file is named", () => {
    expect(() => loadConfig("/nowhere/tenk.yaml")).toThrow("/nowhere/tenk.yaml");
  });
});
