import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { effectiveSettings, loadConfig } from "../../src/app/mod.ts";

const PAGE = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("docs/configuration.md has every setting with its default", () => {
  for (const { key, value } of effectiveSettings(loadConfig())) {
    const row = PAGE.split("\n").find((line) => line.includes(`\`${key.replace("tcp.packets.", "tcp.NAME.")}\``));
    expect([key, row !== undefined]).toEqual([key, true]);
    if (key !== "tcp.packets.listen") expect(row).toContain(`| \`${value}\` |`);
  }
});
