import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { check, type Example, examplesOf, hasPromise, programOf, stepsOf } from "../scripts/examples.ts";

const ROOT = join(import.meta.dirname, "..");
/** The programs lie outside of the repository: what is under test must not change while it is tested. */
const folder = mkdtempSync(join(tmpdir(), "tenk-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const paths = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => `src/${path}`)
  .sort();
const examples = paths.flatMap((path) => examplesOf(path, readFileSync(join(ROOT, path), "utf8")));
const programs = await Promise.all(examples.map(write));

describe("the examples in src/", () => {
  test("are there", () => {
    expect(examples.length).toBeGreaterThan(10);
  });

  test("compile under the compiler's strict options", () => {
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(ROOT, "tsconfig.json"),
        compilerOptions: {
          paths: { tenk: [join(ROOT, "src/mod.ts")] },
          typeRoots: [join(ROOT, "node_modules/@types")],
          // A block may show that there is a value without using it.
          noUnusedLocals: false,
        },
        include: ["*.ts"],
      }),
    );
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const words = [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "--project", folder];
    const { stdout } = spawnSync(process.execPath, words, { cwd: folder, encoding: "utf8" });
    expect(
      stdout
        .split("\n")
        .filter((line) => line.startsWith("example-"))
        .map(named),
    ).toEqual([]);
  });

  const promising = examples.map((example, index) => ({ example, index })).filter(({ example }) => hasPromise(example));
  test.each(promising.map(({ example, index }) => [`${example.path}:${example.line}`, index] as const))(
    "%s",
    async (_, index) => {
      await import(pathToFileURL(programs[index]!).href);
    },
  );
});

describe("an example", () => {
  test("is found after @example and in a fence", () => {
    const text = ["/**", " * Says.", " *", " * @example", " * one();", " * two(); // 2", " * @throws never", " */"];
    expect(examplesOf("a.ts", text.join("\n"))).toEqual([{ path: "a.ts", line: 5, code: "one();\ntwo(); // 2" }]);
    const fenced = ["x", "/**", " * ```ts", " * one();", " * ```", " */"];
    expect(examplesOf("a.ts", fenced.join("\n"))).toEqual([{ path: "a.ts", line: 4, code: "one();" }]);
    const both = ["/**", " * @example", " * ```ts", " * one();", " * ```", " */"];
    expect(examplesOf("a.ts", both.join("\n"))).toEqual([{ path: "a.ts", line: 4, code: "one();" }]);
  });

  test("is cut into statements, over lines, with what each promises", () => {
    expect(stepsOf("f({\n  a: 1,\n}); // [1]\ng(); // and so on")).toEqual([
      { code: "f({\n  a: 1,\n});", promise: "[1]" },
      { code: "g();", promise: undefined },
    ]);
  });

  const promises: [promise: string, actual: () => unknown, isKept: boolean][] = [
    ["1500", () => 1500, true],
    ["1500", () => 1501, false],
    ['{ host: "a" }', () => ({ host: "a" }), true],
    ['{ host: "a" }', () => ({ host: "a", port: 1 }), false],
    ["undefined", () => undefined, true],
    ['"file:///…/main.ts"', () => "file:///a/main.ts", true],
    ['"file:///…/main.ts"', () => "file:///a/other.ts", false],
    ['throws "usage"', () => Promise.reject(Object.assign(new Error("a"), { code: "usage" })), true],
    ['throws "usage"', () => Promise.reject(new Error("a")), false],
    ['throws "usage"', () => 1, false],
  ];
  test.each(promises)("promising %s is held to it (case %#)", async (promise, actual, isKept) => {
    const outcome = await check(promise, actual).then(
      () => true,
      () => false,
    );
    expect(outcome).toBe(isKept);
  });
});

async function write(example: Example, index: number): Promise<string> {
  const module = join(ROOT, example.path);
  // main.ts would run the program.
  const exported = example.path === "src/main.ts" ? [] : Object.keys(await import(module));
  const path = join(folder, `example-${index}.ts`);
  writeFileSync(path, programOf(example, module, exported));
  return path;
}

/** Names the block instead of its program. */
function named(complaint: string): string {
  const example = examples[Number(/^example-(\d+)/.exec(complaint)?.[1])];
  return complaint.replace(/^example-\d+\.ts/, `${example?.path}:${example?.line} `);
}
