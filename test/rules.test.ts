import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKS, complaintsOf } from "../scripts/check.ts";
import { dependencyComplaints, lockComplaints } from "../scripts/manifest.ts";
import {
  FILE_LINES,
  foreignComplaints,
  importComplaints,
  importsOf,
  lengthComplaints,
  linkComplaints,
  nameComplaints,
  packageComplaints,
  parseArchitecture,
  README_LINES,
  runtimeComplaints,
  type Source,
  waiverComplaints,
} from "../scripts/rules.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const files = trackedFiles();
const source = files.filter(({ path }) => /^src\/.*\.tsx?$/.test(path));
const code = files.filter(({ path }) => /\.(tsx?|mjs|css)$/.test(path));
const architecture = parseArchitecture(read("docs/architecture.md"));
const manifest = JSON.parse(read("package.json"));

describe("the repository", () => {
  test("imports go down, and enter a folder by its mod.ts", () => {
    expect(source.length).toBeGreaterThan(20);
    expect(source.flatMap((file) => importComplaints(file, architecture.layers))).toEqual([]);
  });

  test("only the files that docs/architecture.md lists name the runtime, and only one of them libc", () => {
    expect(source.flatMap((file) => runtimeComplaints(file, architecture.mayNameRuntime))).toEqual([]);
  });

  test("what src/ imports is a dependency", () => {
    expect(source.flatMap((file) => packageComplaints(file, Object.keys(manifest.dependencies)))).toEqual([]);
  });

  test("files are short enough to be read", () => {
    expect(code.flatMap((file) => lengthComplaints(file, FILE_LINES))).toEqual([]);
    expect(lengthComplaints({ path: "README.md", text: read("README.md") }, README_LINES)).toEqual([]);
  });

  test("no test is left out and no error waved through", () => {
    const others = code.filter(({ path }) => path !== "test/rules.test.ts");
    expect(others.flatMap(waiverComplaints)).toEqual([]);
  });

  test("nothing names a machine or a registry's host", () => {
    expect(files.flatMap(foreignComplaints)).toEqual([]);
  });

  test("every relative link leads somewhere", () => {
    const pages = files.filter(({ path }) => path.endsWith(".md"));
    expect(pages.flatMap((page) => linkComplaints(page, (path) => existsSync(join(ROOT, path))))).toEqual([]);
  });

  test("every file that docs/architecture.md names is there", () => {
    const page = { path: "docs/architecture.md", text: read("docs/architecture.md") };
    expect(
      nameComplaints(
        page,
        files.map(({ path }) => path),
      ),
    ).toEqual([]);
  });

  test("dependencies are exact, have a reason, and are locked for every platform", () => {
    expect(dependencyComplaints(manifest, architecture.dependencies)).toEqual([]);
    expect(lockComplaints(manifest, JSON.parse(read("package-lock.json")))).toEqual([]);
  });

  test.each(Object.entries(CHECKS))(
    "%s is clean",
    (_, words) => {
      expect(complaintsOf(words)).toBe("");
    },
    // Beside four other processes on two cores.
    120_000,
  );
});

describe("a rule sees what it forbids:", () => {
  const layers = new Map(Object.entries({ base: 0, net: 2, tcp: 3, load: 3, "main.ts": 6 }));
  const inFile = (path: string, text: string): Source => ({ path, text });

  test.each([
    ['import { a } from "../tcp/mod.ts";', "net/a.ts", "layer 3"],
    ['import type { A } from "../load/mod.ts";', "tcp/a.ts", "imports load"],
    ['export { a } from "../net/listen.ts";', "tcp/a.ts", "instead of mod.ts"],
    ['export type * from "../tcp/mod.ts";', "net/a.ts", "imports tcp"],
    ['import {\n  a,\n  b,\n} from "../tcp/mod.ts";', "net/a.ts", "imports tcp"],
    ['import "../tcp/mod.ts";', "net/a.ts", "imports tcp"],
    ['const a = await import("../tcp/mod.ts");', "net/a.ts", "imports tcp"],
    ['let a: import("../tcp/mod.ts").A;', "net/a.ts", "imports tcp"],
    ['import { a } from "../../scripts/rules.ts";', "net/a.ts", "not part of src/"],
    ['import { a } from "./message/parse.ts";', "load/a.ts", "instead of mod.ts"],
    ['import { a } from "tenk";', "net/a.ts", "by name"],
    ['import { a } from "../base/mod.ts";', "unknown/a.ts", "no layer"],
  ])("%s in %s", (text, path, complaint) => {
    expect(importComplaints(inFile(`src/${path}`, text), layers).join()).toContain(complaint);
  });

  test.each([
    ['import { a } from "../base/mod.ts";', "net/a.ts"],
    ['import { a } from "./b.ts";', "net/a.ts"],
    ['import { a } from "../b.ts";', "load/message/a.ts"],
    ['import { a } from "./message/mod.ts";', "load/a.ts"],
    ['import { run } from "./tcp/mod.ts";', "main.ts"],
    ['/**\n * import { a } from "../tcp/mod.ts";\n */', "net/a.ts"],
    ['// import { a } from "../tcp/mod.ts";', "net/a.ts"],
    ['import { version } from "../../package.json" with { type: "json" };', "net/a.ts"],
  ])("but not %s in %s", (text, path) => {
    expect(importComplaints(inFile(`src/${path}`, text), layers)).toEqual([]);
  });

  test.each([
    ["Bun.serve({});", "app/a.ts", 1],
    ['const path = Bun["main"];', "app/a.ts", 1],
    ["let socket: Bun.Socket<null>;", "app/a.ts", 1],
    ['import type { Socket } from "bun";', "app/a.ts", 1],
    ['import { Database } from "bun:sqlite";', "app/a.ts", 1],
    ['import { dlopen } from "bun:ffi";', "net/a.ts", 1],
    ['import { dlopen } from "bun:ffi";', "net/libc.ts", 0],
    ["Bun.serve({});", "app/http.ts", 0],
    ["Bun.listen({});", "net/a.ts", 0],
    ["/** Runs on Bun. */\nrun(); // Bun.listen does this", "app/a.ts", 0],
  ])("runtime names: %s in %s", (text, path, expected) => {
    expect(runtimeComplaints(inFile(`src/${path}`, text), ["net/", "app/http.ts"])).toHaveLength(expected);
  });

  test("a package that only tests depend on", () => {
    const text = 'import fc from "fast-check";\nimport { z } from "zod/mini";\nimport fs from "node:fs";';
    expect(packageComplaints(inFile("src/a.ts", text), ["zod"])).toEqual(["src/a.ts: fast-check is not a dependency"]);
  });

  test("a file one line too long", () => {
    expect(lengthComplaints(inFile("a.ts", "\n".repeat(401)), 400)).toHaveLength(1);
    expect(lengthComplaints(inFile("a.ts", "\n".repeat(400)), 400)).toHaveLength(0);
  });

  test.each(["test.skip('a')", "  describe.only('a')", "it.todo('a')", "// @ts-expect-error"])(
    "the waiver %s",
    (text) => {
      expect(waiverComplaints(inFile("a.ts", text))).toHaveLength(1);
    },
  );

  test.each([
    ["see /wo_rk/main", 1],
    ["at /ro_ot/notes", 1],
    ["https://registry.npm_js.org/a", 1],
    ["in .libr_ary/a", 1],
    ["GET /api/wo_rk/1", 0],
    ["/home/", 0],
  ])("a machine's own name: %s", (text, expected) => {
    expect(foreignComplaints(inFile("a.md", text.replaceAll("_", "")))).toHaveLength(expected);
  });

  test("a link to nowhere", () => {
    const page = inFile("docs/a.md", "[a](b.md#c) [d](../e.ts) [f](https://g.example) [h](#i)");
    expect(linkComplaints(page, (path) => path === "e.ts")).toEqual([
      "docs/a.md: links to docs/b.md, which does not exist",
    ]);
  });

  test("a page that names a file which has moved", () => {
    const page = inFile("docs/a.md", "`net/a.ts` and b.ts ─► c.ts ([d](e.ts))");
    expect(nameComplaints(page, ["src/net/a.ts", "src/b.ts"])).toEqual(["docs/a.md: names c.ts, which does not exist"]);
  });

  test("a dependency without an exact version or a reason, and a reason without a dependency", () => {
    const wrong = { dependencies: { a: "^1.0.0", b: "1.0.0" }, devDependencies: { c: "latest" } };
    expect(dependencyComplaints(wrong, ["a", "c", "d"])).toHaveLength(4);
    expect(dependencyComplaints({ dependencies: { a: "1.0.0" } }, ["a"])).toEqual([]);
  });

  test("a lock file that `npm ci` would refuse elsewhere", () => {
    const manifest = { dependencies: { a: "1.0.0" } };
    const a = { version: "1.0.0", integrity: "sha512-x", optionalDependencies: { "a-mac": "1.0.0" } };
    const mac = { version: "1.0.0", integrity: "sha512-y" };
    const lock = (packages: object) => ({ packages: { "": manifest, ...packages } });
    expect(lockComplaints(manifest, lock({ "node_modules/a": a, "node_modules/a-mac": mac }))).toEqual([]);
    expect(lockComplaints(manifest, lock({ "node_modules/a": a }))).toEqual([
      "package-lock.json: node_modules/a wants a-mac: not in it",
    ]);
    expect(
      lockComplaints({ dependencies: { a: "1.0.1" } }, lock({ "node_modules/a": { ...a, optionalDependencies: {} } })),
    ).toHaveLength(1);
    expect(lockComplaints(manifest, lock({ "node_modules/a": { version: "1.0.0", resolved: "b" } }))).toHaveLength(2);
  });

  test("a table of docs/architecture.md that cannot be read", () => {
    expect(parseArchitecture("# nothing").layers.size).toBe(0);
    const text = "<!-- layers -->\n| folder | layer |\n| --- | --- |\n| `net/`, `store/` | 2 |\n\n| `not/` | 3 |";
    expect([...parseArchitecture(text).layers]).toEqual([
      ["net", 2],
      ["store", 2],
    ]);
  });

  test("an import in every form", () => {
    const text = 'import a, { b } from "1";\nexport * from "2";\nimport "3";\nawait import("4");\nrequire("5");';
    expect(importsOf(text).sort()).toEqual(["1", "2", "3", "4", "5"]);
  });
});

/** What is tracked, or would be: new files count before they are added. */
function trackedFiles(): Source[] {
  const words = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const { stdout, status } = spawnSync("git", words, { cwd: ROOT, encoding: "utf8" });
  expect(status).toBe(0);
  return stdout
    .split("\0")
    .filter((path) => path !== "" && path !== "package-lock.json" && existsSync(join(ROOT, path)))
    .map((path) => ({ path, text: read(path) }));
}
