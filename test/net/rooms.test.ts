import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { importsOf } from "../../scripts/rules.ts";

const NET = join(import.meta.dirname, "../../src/net");

/** Room → the rooms whose doors its files enter. */
function rooms(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const path of readdirSync(NET, { recursive: true, encoding: "utf8" })) {
    const room = posix.dirname(path);
    if (room === "." || !path.endsWith(".ts")) continue;
    const entered = importsOf(readFileSync(join(NET, path), "utf8"))
      .map((name) => posix.dirname(posix.join(room, name)))
      .filter((folder) => folder !== "." && !folder.startsWith("..") && folder !== room);
    found.set(room, new Set([...(found.get(room) ?? []), ...entered]));
  }
  return found;
}

/** Takes away, again and again, the rooms that need none of those left: what stays needs itself, through others. */
function inCircles(needs: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const left = new Map(needs);
  for (;;) {
    const free = [...left].filter(([, entered]) => ![...entered].some((room) => left.has(room)));
    if (free.length === 0) return [...left.keys()].sort();
    for (const [room] of free) left.delete(room);
  }
}

test("rooms of net/ need each other one way, as docs/architecture.md draws it", () => {
  const needs = rooms();
  expect([...(needs.get("worker") ?? [])]).toContain("loop");
  expect([...(needs.get("loop") ?? [])]).toContain("connection");
  expect(inCircles(needs)).toEqual([]);
});

test("rooms that need each other are seen", () => {
  const needs = new Map(Object.entries({ a: ["b"], b: ["c"], c: ["a"], d: ["a"], e: [] }));
  expect(inCircles(new Map([...needs].map(([room, entered]) => [room, new Set(entered)])))).toEqual([
    "a",
    "b",
    "c",
    "d",
  ]);
});
