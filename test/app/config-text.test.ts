import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig, parseConfig } from "../../src/app/mod.ts";
import { TenkError } from "../../src/base/mod.ts";
import { tenk, withFolder } from "../cli/tenk.ts";

function refusal(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(TenkError);
    expect((error as TenkError).code).toBe("config");
    return (error as TenkError).message;
  }
  throw new Error("expected the configuration to be refused");
}

/** Nine times nine times nine … */
const BOMB = Array.from({ length: 8 }, (_, level) => {
  const of = level === 0 ? "x" : `*a${level - 1}`;
  return `a${level}: &a${level} [${Array(9).fill(of).join(", ")}]\n`;
}).join("");

describe("a configuration that is no plain YAML is refused with its line", () => {
  test.each([
    ["an alias of nothing", "tcp:\n  a: *nope\n", "c.yaml:2: *nope: expected &nope before it, found none"],
    ["an alias of what it stands in", "tcp:\n  a: &a\n    options: *a\n", "c.yaml:3: *a: it stands within &a itself"],
    ["aliases that multiply", BOMB, "c.yaml: expected at most 1000 uses of an alias, found more"],
    ["a second document", "log: {}\n---\nlog: {}\n", "c.yaml:2: expected one document, found another one behind ---"],
    ["a tag", "dashboard:\n  password: !secret box\n", "c.yaml:2: Unresolved tag: !secret"],
    ["a key twice", "tcp:\n  a: { listen: 1 }\n  a: { listen: 2 }\n", "c.yaml:3: Map keys must be unique"],
    [
      "a key that objects have",
      "tcp:\n  a: { listen: 1 }\n  __proto__: { listen: 2 }",
      "c.yaml:3: __proto__: unknown key",
    ],
    ["a merge of no section", "tcp:\n  a: { <<: 1, listen: 1 }\n", "c.yaml: Merge sources must be maps or map aliases"],
    ["no number", "tcp: { a: { listen: 1, backlog: .inf } }", "found Infinity"],
  ])("%s", (_, text, expected) => {
    expect(refusal(() => parseConfig(text, "c.yaml"))).toContain(expected);
  });

  test("bytes that are no UTF-8, and more of them than anybody writes", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "c.yaml");
      writeFileSync(file, Buffer.from('dashboard: { password: "gr\xfc\xdfe" }', "latin1"));
      expect(refusal(() => loadConfig(file))).toBe(`${file}: expected UTF-8 text, found other bytes`);
      writeFileSync(file, Buffer.alloc(4 * 2 ** 20 + 1, "#"));
      expect(refusal(() => loadConfig(file))).toBe(`${file}: expected at most 4 MiB of text, found more`);
      expect(refusal(() => loadConfig("/dev/zero"))).toBe("/dev/zero: expected at most 4 MiB of text, found more");
    });
  });

  test("the process prints nothing else", async () => {
    await withFolder(async (cwd) => {
      writeFileSync(join(cwd, "tenk.yaml"), "tcp:\n  ? [a, b]\n  : { listen: 1 }\n");
      const { code, stderr } = await tenk(["check"], { cwd });
      expect([code, stderr.trim().split("\n").length]).toEqual([2, 1]);
    });
  });
});

describe("a configuration", () => {
  test("says once what listeners share", () => {
    const text = `tcp:
  a: &shared { listen: 127.0.0.1:7001, handler: echo, limits: { idle: 1h } }
  b: { <<: *shared, listen: 127.0.0.1:7002 }\n`;
    const { config, written } = parseConfig(text, "c.yaml");
    expect(config.tcp!.b).toEqual({ ...config.tcp!.a!, listen: { host: "127.0.0.1", port: 7002 } });
    expect(written.has("tcp.b.limits.idle")).toBe(true);
    const many = Array.from({ length: 300 }, (_, index) => `  b${index}: { listen: ${index + 1}, limits: *limits }\n`);
    expect(
      Object.keys(
        parseConfig(`tcp:\n  a: { listen: 1000, limits: &limits { idle: 1h } }\n${many.join("")}`, "c").config.tcp!,
      ),
    ).toHaveLength(301);
  });

  test.each([
    ["a byte order mark", "\uFEFFtcp: { a: { listen: 7001 } }\n"],
    ["lines that end as on Windows", "tcp:\r\n  a:\r\n    listen: 7001\r\n"],
    ["no end of its last line", "tcp: { a: { listen: 7001 } }"],
  ])("may have %s", async (_, text) => {
    await withFolder(async (folder) => {
      const file = join(folder, "c.yaml");
      writeFileSync(file, text);
      expect(loadConfig(file).config.tcp?.a?.listen).toEqual({ host: "0.0.0.0", port: 7001 });
    });
  });
});
