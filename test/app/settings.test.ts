import { describe, expect, test } from "bun:test";
import { effectiveSettings, parseConfig } from "../../src/app/mod.ts";

describe("effective settings", () => {
  test("tell what was written from what was taken by default", () => {
    const settings = effectiveSettings(parseConfig("tcp: { a: { listen: 7001, limits: { idle: 90s } } }", "tenk.yaml"));
    const byKey = Object.fromEntries(settings.map(({ key, value, defaulted }) => [key, [value, defaulted]]));
    expect(byKey["tcp.a.listen"]).toEqual(["0.0.0.0:7001", false]);
    expect(byKey["tcp.a.limits.idle"]).toEqual(["90s", false]);
    expect(byKey["tcp.a.limits.stall"]).toEqual(["1m", true]);
    expect(byKey["tcp.a.outbox.max"]).toEqual(["1MiB", true]);
    expect(byKey["log.level"]).toEqual(["info", true]);
  });

  test("are words the file accepts, and mean the same", () => {
    const text =
      "tcp: { a: { listen: '[::1]:7001', workers: auto, keepAlive: 1500ms }, b: { listen: 'unix:@x', backlog: 7 } }";
    const once = parseConfig(text, "tenk.yaml");
    const lines: Record<string, unknown> = {};
    for (const { key, value } of effectiveSettings(once)) {
      const path = key.split(".");
      const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, part) => {
        at[part] ??= {};
        return at[part] as Record<string, unknown>;
      }, lines);
      parent[path.at(-1)!] = /^(true|false|\d+)$/.test(value) ? JSON.parse(value) : value;
    }
    expect(parseConfig(JSON.stringify(lines), "again.yaml").config).toEqual(once.config);
  });
});
