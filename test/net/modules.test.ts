import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { importsOf } from "../../scripts/rules.ts";

const NET = join(import.meta.dirname, "../../src/net");

/** Module → the modules that its files import. */
function modules(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const path of readdirSync(NET, { recursive: true, encoding: "utf8" })) {
    const module = posix.dirname(path);
    if (module === "." || !path.endsWith(".ts")) continue;
    const entered = importsOf(readFileSync(join(NET, path), "utf8"))
      .map((name) => posix.dirname(posix.join(module, name)))
      .filter((folder) => folder !== "." && !folder.startsWith("..") && folder !== module);
    found.set(module, new Set([...(found.get(module) ?? []), ...entered]));
  }
  return found;
}

/** Takes away, again and again, the modules that import none of those left: what stays imports itself, through others. */
function inCircles(imports: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const left = new Map(imports);
  for (;;) {
    const free = [...left].filter(([, entered]) => ![...entered].some((module) => left.has(module)));
    if (free.length === 0) return [...left.keys()].sort();
    for (const [module] of free) left.delete(module);
  }
}

test("modules of net/ import each other one way, as docs/architecture.md draws it", () => {
  const imports = modules();
  expect([...(imports.get("worker") ?? [])]).toContain("loop");
  expect([...(imports.get("loop") ?? [])]).toContain("connection");
  expect(inCircles(imports)).toEqual([]);
});

test("modules that import each other are seen", () => {
  const imports = new Map(Object.entries({ a: ["b"], b: ["c"], c: ["a"], d: ["a"], e: [] }));
  expect(inCircles(new Map([...imports].map(([module, entered]) => [module, new Set(entered)])))).toEqual([
    "a",
    "b",
    "c",
    "d",
  ]);
});
