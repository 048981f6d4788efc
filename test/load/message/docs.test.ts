import { expect, test } from "bun:test";
import { compileMessages } from "../../../src/load/message/mod.ts";

const page = await Bun.file(new URL("../../../docs/load-messages.md", import.meta.url)).text();

/** The examples of a section's table: what is written, what is sent. */
function examplesOf(section: string): [string, string][] {
  const table = page.split("\n## ").find((text) => text.startsWith(section)) ?? "";
  const rows = [...table.matchAll(/^\|.*\| `([^`]+)` \| `([^`]+)` \|$/gm)];
  return rows.map((row) => [row[1]!.replaceAll("\\|", "|"), row[2]!]);
}

function sent(text: string): Buffer {
  const parts = [{ kind: "text", text, first: false, unescape: true }] as const;
  return Buffer.from(compileMessages({ parts, random: () => 0 }).nextBytes(1234, 0));
}

test("every escape in the documentation sends what it says", () => {
  const examples = examplesOf("Escapes");
  expect(examples.length).toBe(5);
  for (const [text, hex] of examples)
    expect([text, sent(text).toString("hex")]).toEqual([text, hex.replaceAll(" ", "")]);
});

test("every expression in the documentation sends what it says", () => {
  const examples = examplesOf("Expressions");
  expect(examples.length).toBe(9);
  for (const [text, expected] of examples) expect([text, sent(text).toString()]).toEqual([text, expected]);
});
