import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rawServer, runHttp } from "./support.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/load-http.md"), "utf8");
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Objects whose names are data, or that are documented once for all. */
const WHOLE =
  /^(connections\.(byCause|byAddress)|messages\.droppedBy|latencyUs\.\w+|protocol\.(status|errorsBy|latencyUs|requests\[\]\.(status|latencyUs)))$/;

/** The fields of the table, and which of them may be left out. */
function documented(): Map<string, boolean> {
  const [, rows = ""] = /<!-- json -->\n([\s\S]*?)<!-- \/json -->/.exec(PAGE) ?? [];
  const fields = new Map<string, boolean>();
  for (const row of rows.split("\n").slice(2)) {
    const [, names = "", what = ""] = row.split(" | ").length > 1 ? ["", ...row.slice(2).split(" | ")] : [];
    for (const [, name] of names.matchAll(/`([^`]+)`/g)) fields.set(name!, what.includes("*optional*"));
  }
  return fields;
}

/** The paths of a report's values: `verdict.checks[].pass`. */
function pathsOf(value: unknown, path = ""): string[] {
  if (WHOLE.test(path) || typeof value !== "object" || value === null) return [path];
  if (Array.isArray(value)) {
    const inside = value.filter((each) => typeof each === "object").flatMap((each) => pathsOf(each, `${path}[]`));
    return inside.length > 0 ? inside : [path];
  }
  return Object.entries(value).flatMap(([name, each]) => pathsOf(each, path === "" ? name : `${path}.${name}`));
}

test("docs/load-http.md has every field of a report, and no other", async () => {
  await using server = await rawServer((socket) => void socket.write(OK));
  const named = server.url.replace("127.0.0.1", "localhost");
  const urls = [`${named}a`, `${named}b`].map((url) => ({ url }));
  const reports = [
    await runHttp(server.url, { requests: 2 }),
    await runHttp(named, { totalRate: 50, durationMs: 100, urls }),
  ];
  const found = new Set(reports.flatMap((report) => pathsOf(JSON.parse(JSON.stringify(report)))));
  const fields = documented();
  expect([...found].filter((path) => !fields.has(path))).toEqual([]);
  const always = [...fields].filter(([, isOptional]) => !isOptional).map(([name]) => name);
  expect(always.filter((name) => ![...found].some((path) => path === name))).toEqual([]);
});
