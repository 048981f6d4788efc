import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { declarationFiles } from "../../src/app/declaration-files.ts";
import { libraryTypes, packedTypes } from "../../src/app/library-types.ts";
import { withFolder } from "../cli/tenk.ts";

/** The compiler runs twice. */
const TIMEOUT_MS = 180_000;
const ROOT = join(import.meta.dirname, "../..");
/** The longest argument of a program on Linux: the build passes the types in one. */
const MAX_ARGUMENT_BYTES = 128 * 1024;

describe("the declaration files of a library", () => {
  const FILES: Readonly<Record<string, string>> = {
    "mod.d.ts": 'import type { A } from "./a/mod.ts";\nexport declare const a: A;\n',
    "a/mod.d.ts":
      '/** Passes on. */\nexport { type A, type B } from "./a.ts";\nexport type { C as D } from "./c.ts";\nexport * from "../d/mod.ts";\n',
    "a/a.d.ts": 'export type A = import("../b.ts").E | import("./mod.ts").F;\nexport type B = 1;\n',
    "a/c.d.ts": "export type C = 1;\n",
    "b.d.ts": "export type E = 1;\n",
    "d/mod.d.ts": 'export { F } from "./f.ts";\nexport { G } from "./g.ts";\n',
    "d/f.d.ts": "export declare const F: 1;\n",
    "d/g.d.ts": "export declare const G: 1;\n",
  };

  test("are those that the names lead to; files that pass names on keep only these", () => {
    const found = declarationFiles("mod.d.ts", (path) => FILES[path]!);
    expect(Object.keys(found)).toEqual(["a/a.d.ts", "a/mod.d.ts", "b.d.ts", "d/f.d.ts", "d/mod.d.ts", "mod.d.ts"]);
    expect(found["a/mod.d.ts"]).toBe('export { type A } from "./a.ts";\nexport * from "../d/mod.ts";\n');
    expect(found["d/mod.d.ts"]).toBe('export { F } from "./f.ts";\n');
    expect(found["a/a.d.ts"]).toBe(FILES["a/a.d.ts"]!);
  });
});

test(
  "the types of this library are whole, and fit into one argument",
  async () => {
    const types = libraryTypes();
    expect(packedTypes(types).length).toBeLessThan(0.75 * MAX_ARGUMENT_BYTES);
    await withFolder(async (folder) => {
      for (const [path, text] of Object.entries(types)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
      const compilerOptions = {
        ...{ noEmit: true, strict: true, module: "Preserve", moduleResolution: "bundler", target: "ESNext" },
        ...{ allowImportingTsExtensions: true, types: ["bun"], paths: { tenk: ["./mod.d.ts"] } },
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.d.ts"] }));
      const { stdout } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
      expect(stdout).toBe("");
    });
  },
  TIMEOUT_MS,
);
