import { afterAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { check, type Example, examplesOf, hasPromise, programOf, stepsOf } from "../scripts/examples.ts";
import { importsOf } from "../scripts/rules.ts";

const ROOT = join(import.meta.dirname, "..");
/** The programs lie outside of the repository: what is under test must not change while it is tested. */
const folder = mkdtempSync(join(tmpdir(), "tenk-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

describe("examples/", () => {
  const echo = readFileSync(join(ROOT, "examples/echo.ts"), "utf8");

  test("echo.ts is the server of the README and of docs/tcp.md, in ten lines at most", () => {
    expect(echo.trim().split("\n").length).toBeLessThanOrEqual(10);
    for (const page of ["README.md", "docs/tcp.md"]) {
      expect(readFileSync(join(ROOT, page), "utf8")).toContain(`\`\`\`ts\n${echo.trim()}\n\`\`\``);
    }
  });

  test("echo.ts echoes", async () => {
    const path = join(folder, "echo.ts");
    writeFileSync(path, echo.replace(/port: \d+/, "port: 0"));
    const server = spawn(process.execPath, [path], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [line] = await once(createInterface(server.stdout), "line");
      const socket = connect(Number(/:(\d+)$/.exec(line)?.[1]), "127.0.0.1");
      socket.write("hello");
      const [bytes] = await once(socket, "data");
      socket.destroy();
      expect(String(bytes)).toBe("hello");
    } finally {
      server.kill("SIGKILL");
    }
  });

  const runnable = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".ts"));
  test.each(runnable)("%s imports tenk as a user does", (name) => {
    const text = readFileSync(join(ROOT, "examples", name), "utf8");
    expect(importsOf(text).filter((module) => module.startsWith("."))).toEqual([]);
  });
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
  // A program's own file and that of main run when they are imported: an example there sees the door only.
  const own = /\b(main|worker)\.ts$/.test(example.path) ? [] : [example.path];
  const door = `${example.path.split("/").slice(0, -1).join("/")}/mod.ts`;
  const modules = [...own, door].filter((path) => existsSync(join(ROOT, path))).map((path) => join(ROOT, path));
  const exported = await Promise.all(modules.map(async (path) => [path, Object.keys(await import(path))] as const));
  const path = join(folder, `example-${index}.ts`);
  writeFileSync(path, programOf(example, new Map(exported)));
  return path;
}

/** Names the block instead of its program. */
function named(complaint: string): string {
  const example = examples[Number(/^example-(\d+)/.exec(complaint)?.[1])];
  return complaint.replace(/^example-\d+\.ts/, `${example?.path}:${example?.line} `);
}
