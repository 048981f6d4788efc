import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { effectiveSettings, loadConfig, parseConfig } from "../../src/app/mod.ts";

const PAGE = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("docs/configuration.md has every setting with its default", () => {
  for (const { key, value } of effectiveSettings(loadConfig())) {
    const row = PAGE.split("\n").find((line) => line.includes(`\`${key.replace("tcp.packets.", "tcp.NAME.")}\``));
    expect([key, row !== undefined]).toEqual([key, true]);
    if (key !== "tcp.packets.listen") expect(row).toContain(`| \`${value}\` |`);
  }
});

test("and those of sections that are not there by default", () => {
  const sections = `tcp:
  one: { listen: 1, tls: { cert: a.pem, key: b.pem }, proxyProtocol: { trusted: [10.0.0.7] } }
  two: { listen: 2, handler: relay, relay: { targets: ["a:1"] } }`;
  const defaulted = effectiveSettings(parseConfig(sections, "tenk.yaml")).filter(
    (each) => each.defaulted && /tls|proxyProtocol|relay/.test(each.key),
  );
  expect(defaulted.length).toBeGreaterThan(12);
  for (const { key, value } of defaulted) {
    const row = PAGE.split("\n").find((line) => line.includes(`\`${key.replace(/tcp\.\w+/, "tcp.NAME")}\``));
    expect([key, row]).toEqual([key, expect.stringContaining(`| \`${value}\` |`)]);
  }
});
