/** What `net/module/` relies on, or works around, in the runtime; see `runtime-traps.test.ts`. */
import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "tenk-traps-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a Buffer's slice is a view", () => {
  const bytes = Buffer.from("abc");
  const part = bytes.slice(0, 1);
  bytes[0] = 0x7a;
  expect(part.toString()).toBe("z");
});

test("an import that failed stays failed until it is forgotten", async () => {
  const file = join(folder, "fails.ts");
  writeFileSync(file, 'throw new Error("first");');
  await expect(import(file)).rejects.toThrow("first");
  writeFileSync(file, "export default 2;");
  await expect(import(file)).rejects.toThrow("first");
  delete require.cache[file];
  expect((await import(file)).default).toBe(2);
});

test("plugins are not asked about imports without extension, and a file URL's query is ignored", () => {
  writeFileSync(join(folder, "named.ts"), "export default 1;");
  writeFileSync(join(folder, "bare.ts"), "export default 1;");
  writeFileSync(join(folder, "both.ts"), 'import "./named.ts";\nimport "./bare";');
  writeFileSync(join(folder, "count.ts"), "globalThis.count = (globalThis.count ?? 0) + 1;");
  const script = `
    const asked = [];
    Bun.plugin({ name: "p", setup: (build) => build.onResolve({ filter: /.*/ }, ({ path }) => { asked.push(path); }) });
    await import("${folder}/both.ts");
    await import("file://${folder}/count.ts?v=1");
    await import("file://${folder}/count.ts?v=2");
    const byUrl = globalThis.count;
    await import("${folder}/count.ts?v=3");
    await import("${folder}/count.ts?v=4");
    console.log(JSON.stringify([asked.includes("./named.ts"), asked.includes("./bare"), byUrl, globalThis.count]));`;
  const program = join(folder, "program.ts");
  writeFileSync(program, script);
  const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
  expect([stdout.trim(), stderr]).toEqual([JSON.stringify([true, false, 1, 3]), ""]);
});
