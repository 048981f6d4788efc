import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TenkError } from "../../src/base/mod.ts";
import { freshVersion, loadHandler, moduleFiles, placeOfError } from "../../src/net/module/mod.ts";
import type { Connection, Handler } from "../../src/net/types.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-module-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
/** Writes files into a folder of their own and returns the first one's address. */
function files(texts: Record<string, string>): { url: URL; path: (name: string) => string } {
  made += 1;
  const place = join(folder, String(made));
  mkdirSync(join(place, "below"), { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(place, name), text);
  return { url: pathToFileURL(join(place, Object.keys(texts)[0]!)), path: (name) => join(place, name) };
}

async function refused(text: string): Promise<string> {
  const error: unknown = await loadHandler(files({ "chat.ts": text }).url.href).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TenkError);
  const { message, hint } = error as TenkError;
  return `${message}${hint ? ` (${hint})` : ""}`.replaceAll(/\/\S*\//g, "");
}

/** What a handler's `report` says, for tests that tell versions apart. */
async function reportOf(url: URL): Promise<unknown> {
  return ((await loadHandler(url.href)) as Handler).report?.();
}

describe("a handler's file", () => {
  test("may export a handler, what makes one of options, or what makes one later", async () => {
    const plain = files({ "a.ts": "export default { report: () => 1 };" });
    expect(await reportOf(plain.url)).toBe(1);
    const make = files({ "a.ts": "export default async (options: { n: number }) => ({ report: () => options.n });" });
    expect((await loadHandler(make.url.href, { n: 5 })).report?.()).toBe(5);
  });

  test("finds this tenk as tenk, in a folder without node_modules", async () => {
    const { url } = files({
      "a.ts": 'import { TenkError, type Connection } from "tenk";\nexport default { report: () => TenkError };',
    });
    expect(await reportOf(url)).toBe(TenkError);
  });

  test.each([
    ["export const handler = {};", "Cannot use chat.ts as a handler: it has no default export (export default {"],
    ["export default 5;", "must be a handler or return one, and is a number"],
    ["export default () => null;", "must be a handler or return one, and is null"],
    ["export default class Chat { chunk() {} }", "its default export is a class (export default new Chat())"],
    ["export default { send() {} };", "its default export has none of open, chunk, framing, frame,"],
    ["export default { chunk: 5 };", "its chunk must be a function"],
    [
      "export default {\n  chunks() {},\n  open() {},\n};",
      "a handler has no chunks, did you mean chunk?\nchat.ts:2:3\n  1 | export default {\n> 2 |   chunks() {},\n    |   ^\n  3 |   open() {},",
    ],
    [
      "\nexport default {\n  chunk( {\n};",
      'Expected ")" but found ";"\nchat.ts:4:2\n  3 |   chunk( {\n> 4 | };\n    |  ^',
    ],
    ['let a = 1;\nthrow new Error("no room");', "Cannot load chat.ts: no room\nchat.ts:2:"],
    ["export default () => {\n  throw new Error('no room');\n};", "Cannot load chat.ts: no room\nchat.ts:2:"],
    ['\nimport x from "./gone.ts";\nexport default x;', "Cannot find module './gone.ts'"],
    ['import x from "./gone.ts";\nexport default x;', "\nchat.ts:1:16\n> 1 | import x from"],
    ['import { liste } from "tenk";\nexport default liste;', "\nchat.ts:1:10\n"],
    ['import { liste } from "tenk";\nexport default liste;', "(did you mean listen?)"],
  ])("is refused in its author's lines: %j", async (text, expected) => {
    expect(await refused(text)).toContain(expected);
  });

  test("that is not there is named", async () => {
    const error = await loadHandler("file:///nowhere/chat.ts").catch((thrown: unknown) => thrown);
    expect((error as TenkError).message).toBe("Cannot load the handler /nowhere/chat.ts: there is no such file");
    expect((error as TenkError).code).toBe("file-unreadable");
  });

  test("that failed when it ran is run again at the next try, and what it could import is not", async () => {
    const { url, path } = files({
      "a.ts": 'import { at } from "./runs.ts"; import "./b.ts"; export default { chunk() {}, report: () => at };',
      "runs.ts": "globalThis.runs = (globalThis.runs ?? 0) + 1; export const at = globalThis.runs;",
      "b.ts": 'import { existsSync } from "node:fs"; if (!existsSync(import.meta.dir + "/c")) throw new Error("no c");',
    });
    for (let times = 0; times < 2; times++) await expect(loadHandler(url.href)).rejects.toThrow("no c");
    writeFileSync(path("c"), "");
    expect(await reportOf(url)).toBe(1);
  });

  test("tells a failure's line in it, past tenk's own frames", async () => {
    const { url, path } = files({
      "a.ts":
        "interface Data {\n  room: string;\n}\n\nexport default {\n  open() {\n    throw new Error('x');\n  },\n};",
    });
    const handler = await loadHandler(freshVersion(url).href);
    let thrown: unknown;
    try {
      handler.open?.({} as Connection);
    } catch (error) {
      thrown = error;
    }
    expect(placeOfError(thrown)).toMatchObject({ file: path("a.ts"), line: 7 });
  });
});

describe("a fresh version of a handler's file", () => {
  test("has new imports too, and leaves the old one as it was", async () => {
    const { url, path } = files({
      "a.ts": 'import { b } from "./b";\nexport default { report: () => b() };',
      "b.ts": "import c from './below/c.ts';\nexport const b = () => 'b1 ' + c;",
      "below/c.ts": 'import { d } from "../d.json";\nexport default "c1 " + d;',
      "d.json": '{ "d": 1 }',
    });
    const first = (await loadHandler(url.href)) as Handler;
    expect(first.report?.()).toBe("b1 c1 1");
    writeFileSync(path("d.json"), '{ "d": 2 }');
    expect(await reportOf(freshVersion(url))).toBe("b1 c1 2");
    writeFileSync(path("below/c.ts"), 'export default "c3";');
    expect(await reportOf(freshVersion(url))).toBe("b1 c3");
    expect(first.report?.()).toBe("b1 c1 1");
  });

  test("that fails is no obstacle for the next, even where an import fails", async () => {
    const { url, path } = files({
      "a.ts": 'import { b } from "./b.ts";\nexport default { report: () => b };',
      "b.ts": "export const b = 1;",
    });
    expect(await reportOf(url)).toBe(1);
    for (const broken of ["export const b = ;", 'throw new Error("now");', "export const c = 1;"]) {
      writeFileSync(path("b.ts"), broken);
      expect(await loadHandler(freshVersion(url).href).catch(() => "refused")).toBe("refused");
    }
    writeFileSync(path("b.ts"), "export const b = 2;");
    expect(await reportOf(freshVersion(url))).toBe(2);
  });

  test("that fails in an import without extension says that this one is stuck", async () => {
    const { url, path } = files({
      "a.ts": 'import { b } from "./b";\nexport default { report: () => b };',
      "b.ts": "export const b = 1;",
    });
    await loadHandler(url.href);
    writeFileSync(path("b.ts"), "throw 1;");
    const error = await loadHandler(freshVersion(url).href).catch((thrown: unknown) => thrown as TenkError);
    expect((error as TenkError).hint).toStartWith('write the extension of "./b", or start again');
  });

  test("frees the versions before it", async () => {
    const text = "const held = new Uint8Array(8 << 20).fill(1);\nexport default { report: () => held.length };";
    const { url } = files({ "a.ts": text });
    await reportOf(freshVersion(url));
    const beforeBytes = process.memoryUsage.rss();
    for (let load = 0; load < 40; load++) expect(await reportOf(freshVersion(url))).toBe(8 << 20);
    Bun.gc(true);
    // 40 versions of 8 MiB each would be 320.
    expect((process.memoryUsage.rss() - beforeBytes) / 2 ** 20).toBeLessThan(200);
  });
});

describe("the files of a module", () => {
  test("are found without running it; packages and folders above are not its own", () => {
    const { url, path } = files({
      "a.ts":
        'import "./b.ts"; import "tenk"; import "node:fs"; import "../x.ts"; import type { T } from "./t.ts"; throw 1;',
      "b.ts": 'export * from "./below/c"; const later = () => import("./d.json");',
      "below/c.ts": "export {};",
      "d.json": "{}",
      "t.ts": "export type T = 1;",
    });
    writeFileSync(join(folder, "x.ts"), "");
    const before = moduleFiles(path("a.ts"));
    expect(before.files.toSorted()).toEqual(["a.ts", "b.ts", "below/c.ts", "d.json"].map(path));
    expect(moduleFiles(path("a.ts")).digest).toBe(before.digest);
    writeFileSync(path("d.json"), "[]");
    expect(moduleFiles(path("a.ts")).digest).not.toBe(before.digest);
    expect(url.href).toEndWith("/a.ts");
  });

  test("are refused with the line that cannot be parsed", () => {
    const { path } = files({ "a.ts": 'import "./b.ts";', "b.ts": "let a = 1;\nlet b = ;\n" });
    expect(() => moduleFiles(path("a.ts"))).toThrow(
      /Unexpected ;\n.*b\.ts:2:9\n {2}1 \| let a = 1;\n> 2 \| let b = ;\n/,
    );
  });
});
