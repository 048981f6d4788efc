import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const read = (name: string) => JSON.parse(readFileSync(join(ROOT, ".vscode", name), "utf8"));

interface Entry {
  name: string;
  type: string;
  program?: string;
  runtime?: string;
  command?: string;
  preLaunchTask?: string;
}

test.each((read("launch.json").configurations as Entry[]).map((entry) => [entry.name, entry] as const))(
  "the editor's entry %s works in a fresh clone",
  (_, { type, program = "", runtime = "", command = "", preLaunchTask }) => {
    const inRoot = (path: string) => path.replace(/^\$\{workspaceFolder\}/, ROOT);
    if (type === "node-terminal") return expect(command).toMatch(/^npm (test|run demo)$/);
    expect(program.endsWith("{file}") || existsSync(inRoot(program))).toBe(true);
    expect(existsSync(inRoot(runtime))).toBe(true);
    expect(read("tasks.json").tasks.map((task: { label: string }) => task.label)).toContain(preLaunchTask);
  },
);

test("the editor's tasks name scripts of package.json", () => {
  const scripts = Object.keys(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts);
  for (const { command } of read("tasks.json").tasks) {
    const [, script] = /^npm (?:run )?(\w+)/.exec(command) ?? [];
    expect(script === undefined ? command : scripts).toContain(script ?? "scripts/launch.mjs");
  }
});
