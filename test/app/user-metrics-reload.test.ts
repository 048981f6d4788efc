import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { userMetrics } from "../../src/tcp/monitoring/user-metrics.ts";
import "../../src/mod.ts";
import { freshVersion, type Handler, loadHandler } from "../../src/net/mod.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenk-metrics-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A version of a file, as a save makes it and as it is then loaded; each `open` counts once. */
async function saved(name: string, made: string, inc: string, options?: unknown): Promise<() => Promise<string[]>> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(
    file,
    `import { counter, gauge, histogram } from "tenk";\n${made}\nexport default { open() { ${inc} } };\n`,
  );
  const handler: Handler = await loadHandler(freshVersion(pathToFileURL(file)).href, options);
  return async () => {
    handler.open?.(undefined as never);
    return told();
  };
}

/** All that is told of `reload_…`, and the help of it. */
async function told(prefix = "reload"): Promise<string[]> {
  const text = await (await userMetrics()).metrics();
  return text.split("\n").filter((line) => line.replace(/^# (HELP|TYPE) /, "").startsWith(`${prefix}_`));
}

const PLAIN = 'const made = counter("reload_total", "Each.");';
const LABELLED = 'const made = counter("reload_total", "Each.", ["room"]);';

test("a metric of the same words goes on counting, one with others begins anew", async () => {
  const first = await saved("a", PLAIN, "made.inc()");
  expect(await first()).toContain("reload_total 1");
  expect(await (await saved("a", PLAIN, "made.inc()"))()).toContain("reload_total 2");
  const third = await saved("a", LABELLED, 'made.with({ room: "hall" }).inc()');
  expect((await third()).filter((line) => !line.startsWith("#"))).toEqual(['reload_total{room="hall"} 1']);
  // Who was served before counts on, to nobody's confusion.
  expect((await first()).filter((line) => !line.startsWith("#"))).toEqual(['reload_total{room="hall"} 1']);
  const gauge = await saved("a", 'const made = gauge("reload_total", "Each.");', "made.set(7)");
  expect(await gauge()).toEqual(["# HELP reload_total Each.", "# TYPE reload_total gauge", "reload_total 7"]);
  await saved("a", "", "");
});

test("a changed help is shown, changed buckets restart", async () => {
  await saved("b", 'counter("reload_b_total", "One.");', "");
  await saved("b", 'counter("reload_b_total", "Two.");', "");
  expect(await told()).toContain("# HELP reload_b_total Two.");
  await saved("b", 'histogram("reload_b_bytes", "Bytes.", { buckets: [1] }).observe(1);', "");
  await saved("b", 'histogram("reload_b_bytes", "Bytes.", { buckets: [2] }).observe(1);', "");
  expect((await told()).filter((line) => line.includes("_bucket"))).toEqual([
    'reload_b_bytes_bucket{le="2"} 1',
    'reload_b_bytes_bucket{le="+Inf"} 1',
  ]);
  await saved("b", "", "");
});

test("metrics that a new version no longer makes disappear, unless others make them", async () => {
  await saved("c", `counter("reload_c_total", "C."); counter("reload_shared_total", "Shared.");`, "");
  await saved("d", `counter("reload_shared_total", "Shared.");`, "");
  await saved("c", `counter("reload_c2_total", "C.");`, "");
  expect(await told()).toEqual(expect.arrayContaining(["reload_shared_total 0", "reload_c2_total 0"]));
  expect(await told()).not.toContain("reload_c_total 0");
  await saved("c", "", "");
  await saved("d", "", "");
  expect(await told()).toEqual([]);
});

test("listeners of one file with options of their own do not take each other's", async () => {
  const handler = `(options) => (counter("other_" + (options.room ?? "none"), "E."), { chunk() {} })`;
  writeFileSync(join(folder, "e.ts"), `import { counter } from "tenk";\nexport default ${handler};\n`);
  const load = (options?: unknown) => loadHandler(freshVersion(pathToFileURL(join(folder, "e.ts"))).href, options);
  for (const options of [{ room: "hall" }, undefined, { room: "bar" }, { room: "hall" }]) await load(options);
  expect(await told("other")).toEqual(expect.arrayContaining(["other_hall 0", "other_none 0", "other_bar 0"]));
});

test("a version that is refused takes nothing with it, and leaves nothing", async () => {
  const before = await saved("f", PLAIN, "made.inc()");
  await before();
  const bad = `${LABELLED} counter("reload_f_total", "F."); throw new Error("not today");`;
  await expect(saved("f", bad, "")).rejects.toThrow("not today");
  expect((await before()).filter((line) => !line.startsWith("#"))).toEqual(["reload_total 2"]);
  // Words that cannot be, and then those that were meant.
  const wrong = 'const made = counter("reload_f_total", "F.", "room" as never);';
  await expect(saved("f", wrong, "")).rejects.toThrow('labels: expected a list of names, found "room"');
  const mended = await saved(
    "f",
    'const made = counter("reload_f_total", "F.", ["room"]);',
    'made.with({ room: "a" }).inc()',
  );
  expect(await mended()).toContain('reload_f_total{room="a"} 1');
  await saved("f", "", "");
});

test("a file that never finishes loading keeps no other's metrics from being its own", async () => {
  writeFileSync(join(folder, "stuck.ts"), "await new Promise(() => {});\nexport default { chunk() {} };\n");
  void loadHandler(freshVersion(pathToFileURL(join(folder, "stuck.ts"))).href).catch(() => undefined);
  await saved("i", 'counter("reload_i_total", "I.");', "");
  await saved("i", 'gauge("reload_i_total", "I.");', "");
  expect(await told()).toContain("# TYPE reload_i_total gauge");
  await saved("i", "", "");
});

test("metrics of another file, or of this version, stay unchanged; the error says what to do", async () => {
  await saved("g", PLAIN, "");
  const refusal = await saved("h", LABELLED, "").catch((error) => error);
  expect(refusal.message).toContain("it is a counter with labels [] already, in ");
  expect(refusal.message).toContain("g.ts");
  expect(refusal.hint).toContain("edit them and restart");
  await expect(saved("g", `${PLAIN} gauge("reload_total", "Each.");`, "")).rejects.toThrow("it is a counter");
  expect(await told()).toContain("reload_total 0");
  await saved("g", "", "");
});
