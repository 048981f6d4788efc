import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTenk, withFolder } from "./tenk.ts";

const QUIET = { TENK_DASHBOARD_LISTEN: "127.0.0.1:0", TENK_CONTAINERS: "off" };

/** One setting of each kind: its key, where it stands, and a value that is wrong. */
const KINDS = [
  ["tcp.a.limits.idle", "10", "expected a duration such as 30s or 10ms, found 10"],
  ["tcp.a.writeQueue.max", "huge", 'expected a size such as 64KiB or 1MiB, found "huge"'],
  ["tcp.a.limits.connections", "-1", "expected a whole number such as 500 or 10k, found -1"],
  ["tcp.a.noDelay", "maybe", 'expected true or false, found "maybe"'],
  ["tcp.a.dump", "json", 'expected one of off, text, hex, found "json"'],
  ["tcp.a.handler", "sinc", 'expected sink, echo, relay or a file such as ./chat.ts, found "sinc"'],
  ["tcp.a.workers", "0", "expected auto or a number from 1 to 256, found 0"],
  [
    "dashboard.scrapers",
    "[nowhere]",
    "expected addresses or ranges such as 192.0.2.1, 10.0.0.0/8 or unix, found a list",
  ],
  ["push.labels", "[1]", "expected labels by name, found a list"],
] as const;

/** A file with these settings, one a line. */
function fileWith(values: readonly (readonly [key: string, value: string])[]): string {
  const lines = ["tcp:", "  a:", "    listen: 127.0.0.1:0"];
  const sections = Map.groupBy(values, ([key]) => key.split(".").slice(0, -1).join("."));
  const section = (name: string, indent: string) =>
    (sections.get(name) ?? []).map(([key, value]) => `${indent}${key.split(".").at(-1)}: ${value}`);
  lines.push(...section("tcp.a", "    "), "    limits:", ...section("tcp.a.limits", "      "));
  lines.push("    writeQueue:", ...section("tcp.a.writeQueue", "      "));
  lines.push("dashboard:", ...section("dashboard", "  "), "push:", ...section("push", "  "));
  return `${lines.join("\n")}\n`;
}

async function upWith(cwd: string, text: string) {
  writeFileSync(join(cwd, "tenk.yaml"), text);
  const { child, sees, ended } = startTenk(["up", "--json"], { cwd, env: QUIET });
  const isUp = await sees("stdout", /^\{.*\n/).then(
    () => true,
    () => false,
  );
  if (isUp) child.kill("SIGTERM");
  return { isUp, ...(await ended) };
}

test("a box with no settings, or with settings that are all empty, comes up, and says so", () =>
  withFolder(async (cwd) => {
    expect(await upWith(cwd, fileWith([]))).toMatchObject({ isUp: true, code: 0 });
    const { isUp, code, stderr } = await upWith(cwd, fileWith(KINDS.map(([key]) => [key, ""])));
    expect([isUp, code]).toEqual([true, 0]);
    for (const [key] of KINDS)
      if (key !== "push.labels")
        expect(stderr).toContain(`setting is empty, its default is used setting=${key} file=tenk.yaml line=`);
  }));

test.each(KINDS)(
  "a box whose %s is %s does not come up: it names key, line, expected and found",
  (key, value, problem) =>
    withFolder(async (cwd) => {
      const text = fileWith([[key, value]]);
      const line = text.split("\n").findIndex((each) => each.endsWith(`${key.split(".").at(-1)}: ${value}`)) + 1;
      const { isUp, code, stderr } = await upWith(cwd, text);
      expect([isUp, code]).toEqual([false, 2]);
      expect(stderr).toBe(
        `tenk: tenk.yaml:${line}: ${key}: ${problem} (tenk check prints every setting and its default)\n`,
      );
    }),
);

test("tenk init writes a configuration that is checked by its schema, and keeps one that is there", () =>
  withFolder(async (cwd) => {
    const first = await startTenk(["init"], { cwd }).ended;
    expect(first.stdout).toBe("wrote tenk.yaml\nwrote tenk.schema.json\nnow: tenk check --config tenk.yaml\n");
    const text = readFileSync(join(cwd, "tenk.yaml"), "utf8");
    expect(text).toStartWith("# yaml-language-server: $schema=./tenk.schema.json\n");
    expect(existsSync(join(cwd, "tenk.schema.json"))).toBe(true);
    expect((await startTenk(["schema"], { cwd }).ended).stdout).toBe(
      readFileSync(join(cwd, "tenk.schema.json"), "utf8"),
    );
    writeFileSync(join(cwd, "tenk.yaml"), "# mine\n");
    expect((await startTenk(["init"], { cwd }).ended).stdout).toContain("kept tenk.yaml, which was there\n");
    expect(readFileSync(join(cwd, "tenk.yaml"), "utf8")).toBe("# mine\n");
  }));
