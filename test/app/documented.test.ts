import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { boxRegistry } from "../../src/app/metrics.ts";
import { effectiveSettings, loadConfig } from "../../src/app/mod.ts";
import { openProcessReader } from "../../src/metrics/mod.ts";

const PAGE = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("docs/configuration.md has every setting with its default", () => {
  for (const { key, value } of effectiveSettings(loadConfig())) {
    const row = PAGE.split("\n").find((line) => line.includes(`\`${key.replace("tcp.packets.", "tcp.NAME.")}\``));
    expect([key, row !== undefined]).toEqual([key, true]);
    if (key !== "tcp.packets.listen") expect(row).toContain(`| \`${value}\` |`);
  }
});

test("docs/configuration.md has every metric", async () => {
  const reader = openProcessReader();
  const { registry } = boxRegistry({ process: () => reader.read(), listeners: () => [] });
  for (const { name } of registry.getMetricsAsArray()) expect(PAGE).toContain(`\`${name}\``);
  reader.close();
});
