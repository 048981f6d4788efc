/** A million names in pages, at a smaller size. `TENK_NAMES=1000000` makes it the real one. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateNames, randomOf, writeLists } from "../../../bench/dns-list-names.ts";
import { type ListFile, NamePages, PageBuilder, PageReader, PagesFullError } from "../../../src/dns/pages/mod.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import type { ReadingResult, ReadingTask } from "./reading-worker.ts";

const NAMES = Number(process.env.TENK_NAMES ?? 8000);
const folder = mkdtempSync(join(tmpdir(), "tenk-pages-"));
afterAll(() => rmSync(folder, { recursive: true }));

function build(pages: NamePages, files: readonly ListFile[], builder = new PageBuilder(pages)) {
  const steps = builder.build(files);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function buildTexts(texts: readonly string[], options: Partial<ListFile> = {}) {
  const files = texts.map((text, list) => {
    const path = join(folder, `list-${list}.txt`);
    writeFileSync(path, text);
    return { ...options, path, list };
  });
  const pages = new NamePages({ seed: 7, maxBytes: 1 << 20 });
  const result = build(pages, files);
  return { pages, result, reader: new PageReader(pages.memory) };
}

/** Returns `rank lists labels` of what decides. */
function look(reader: PageReader, name: string, mask = 0x7fffffff): string {
  const rank = reader.lookup(wireName(name), 0, mask);
  return rank < 0 ? "none" : `${rank} ${reader.lists} ${reader.labels}`;
}

describe("a lookup", () => {
  const { reader } = buildTexts([
    "exact.example\n||tree.example^\n@@good.tree.example\n||zip^\n||co.uk^\n||t.co^",
    "0.0.0.0 exact.example\n||deep.tree.example^$important\n@@||deep.tree.example^\n||shop.co.uk^\n||a_b.example^",
    "||deep.tree.example^\n@@|deep.tree.example^$important",
  ]);

  test.each([
    ["exact.example", "0 3 2"],
    ["EXACT.Example", "0 3 2"],
    ["sub.exact.example", "none"],
    ["tree.example", "0 1 2"],
    ["a.b.c.tree.example", "0 1 2"],
    ["treeexample", "none"],
    ["xtree.example", "none"],
    ["good.tree.example", "1 1 3"],
    ["x.good.tree.example", "0 1 2"],
    ["x.deep.tree.example", "2 2 3"],
    ["deep.tree.example", "3 4 3"],
    ["a.zip", "0 1 1"],
    ["zip", "0 1 1"],
    ["a.shop.co.uk", "0 1 2"],
    ["other.co.uk", "0 1 2"],
    ["www.t.co", "0 1 2"],
    ["t.co", "0 1 2"],
    ["a_b.example", "0 2 2"],
    ["example", "none"],
    ["", "none"],
  ])("of %s finds %s", (name, found) => {
    expect(look(reader, name)).toBe(found);
  });

  test("counts only lists of its mask", () => {
    expect(look(reader, "exact.example", 2)).toBe("0 2 2");
    expect(look(reader, "exact.example", 4)).toBe("none");
    expect(look(reader, "x.deep.tree.example", 1)).toBe("0 1 2");
  });

  test("takes a dot within a label for no separator", () => {
    const label = new TextEncoder().encode("a.tree");
    expect(reader.lookup(new Uint8Array([label.length, ...label, ...wireName("example")]), 0, 1)).toBe(-1);
  });

  test("survives names at their limits, and bytes that are none", () => {
    const longest = `${"a".repeat(61)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(63)}`;
    const { reader: own } = buildTexts([`${longest}\n||${"x.".repeat(126)}y^`]);
    expect(look(own, longest)).toBe("0 1 4");
    expect(look(own, `${"x.".repeat(126)}y`)).toBe("0 1 127");
    expect(own.lookup(new Uint8Array([9, 1, 2]), 0, 1)).toBe(-1);
  });
});

test("badfilter switches entries off in every list, by their flags", () => {
  const { reader, result } = buildTexts([
    "||a.example^\na.example\n||b.example^$dnstype=A",
    "||A.example^$badfilter\n||b.example^$badfilter,dnstype=A",
  ]);
  expect(look(reader, "a.example")).toBe("0 1 2");
  expect(look(reader, "x.a.example")).toBe("none");
  expect(result.rules).toEqual([]);
});

test("names agree with a plain map, over refreshes with other lists", () => {
  const pages = new NamePages({ seed: 99, maxBytes: 64 << 20 });
  const builder = new PageBuilder(pages);
  const reader = new PageReader(pages.memory);
  for (const [round, names] of [NAMES, Math.ceil(NAMES / 10), NAMES].entries()) {
    const { paths } = writeLists(folder, names, round + 1);
    const { summaries } = build(
      pages,
      paths.map((path, list) => ({ path, list })),
      builder,
    );
    expect(summaries.every(({ invalid }) => invalid === 0)).toBe(true);
    const expected = readPlainly(paths);
    expect(pages.countNames()).toBe(expected.size);
    const wrong = questions(expected).filter((name) => look(reader, name) !== plainly(expected, name));
    expect(wrong).toEqual([]);
  }
  expect(pages.bytes / NAMES).toBeLessThan(NAMES > 500_000 ? 14 : 18);
});

describe("one rule", () => {
  test.each([
    ["", 0],
    [", also in pages that a snapshot has brought", 200],
  ])("is added and taken away while the others stay%s", (_, snapshotAt) => {
    const { paths } = writeLists(folder, 5000, 3);
    let pages = new NamePages({ seed: 5, maxBytes: 4 << 20 });
    build(
      pages,
      paths.map((path, list) => ({ path, list })),
    );
    const expected = readPlainly(paths);
    const random = randomOf(11);
    const names = [...expected.keys()];
    for (let change = 1; change <= 400; change++) {
      if (change === snapshotAt) pages = new NamePages({ seed: 5, maxBytes: 4 << 20, snapshot: pages.snapshot() });
      const isNew = random(2) === 0;
      const name = isNew ? `n${random(100)}.new${random(50)}.example` : names[random(names.length)]!;
      const masks = expected.get(name) ?? [0, 0];
      const flags = random(2);
      const [add, remove] = random(2) === 0 ? [8, 0] : [0, 15];
      expect(pages.change({ name, flags, add, remove })).toBe(masks[flags]!);
      masks[flags] = (masks[flags]! | add) & ~remove;
      expected.set(name, masks);
    }
    const reader = new PageReader(pages.memory);
    expect(questions(expected).filter((name) => look(reader, name) !== plainly(expected, name))).toEqual([]);
    expect(pages.countNames()).toBe([...expected.values()].filter(([exact, tree]) => exact !== 0 || tree !== 0).length);
  });

  test("of one label has its own page", () => {
    const { pages, reader } = buildTexts(["a.example"]);
    pages.change({ name: "zip", flags: 1, add: 1, remove: 0 });
    expect(look(reader, "a.zip")).toBe("0 1 1");
    pages.change({ name: "zip", flags: 1, add: 0, remove: 1 });
    expect(look(reader, "a.zip")).toBe("none");
  });
});

test("a page that a reader may still read is not written to", () => {
  const { pages } = buildTexts(["a.example"]);
  const reader = new PageReader(pages.memory, 3);
  reader.enter();
  const before = pages.bytes;
  for (let change = 0; change < 50; change++)
    pages.change({ name: `n${change}.a.example`, flags: 0, add: 1, remove: 0 });
  expect(pages.retiredPages).toBe(50);
  expect(pages.bytes).toBeGreaterThan(before + 50 * 256 - 1);
  reader.leave();
  pages.change({ name: "last.a.example", flags: 0, add: 1, remove: 0 });
  expect(pages.retiredPages).toBe(1);
});

test("a thread that reads while another writes never sees half a page", async () => {
  const { paths } = writeLists(folder, 4000, 21);
  const files = paths.map((path, list) => ({ path, list }));
  const pages = new NamePages({ seed: 17, maxBytes: 8 << 20 });
  const builder = new PageBuilder(pages);
  build(pages, files, builder);
  const expected = readPlainly(paths);
  const flags = new SharedArrayBuffer(8);
  const isReading = new Int32Array(flags);
  const worker = new Worker(new URL("./reading-worker.ts", import.meta.url).href);
  const result = new Promise<ReadingResult>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });
  const questions = [...expected.keys()].slice(0, 1000).map((name) => {
    return { wire: wireName(name), lists: Number(plainly(expected, name).split(" ")[1]) };
  });
  worker.postMessage({ memory: pages.memory, flags, questions } satisfies ReadingTask);
  while (Atomics.load(isReading, 1) === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let refresh = 0; refresh < 5; refresh++) {
    build(pages, files, builder);
    for (let change = 0; change < 100; change++) {
      pages.change({ name: `n${change}.${refresh}.example`, flags: 0, add: 8, remove: 0 });
    }
  }
  Atomics.store(isReading, 0, 1);
  expect(await result).toMatchObject({ wrong: 0 });
  worker.terminate();
});

test("a thread that ended while it read keeps old pages only until it is started again", () => {
  const { pages } = buildTexts(["a.example\nb.example"]);
  const change = (add: number) => pages.change({ name: "c.example", flags: 0, add, remove: 0 });
  new PageReader(pages.memory, 3).enter();
  for (let list = 0; list < 5; list++) change(1 << list);
  expect(pages.retiredPages).toBe(5);
  const again = new PageReader(pages.memory, 3);
  change(1 << 5);
  expect(pages.retiredPages).toBe(1);
  expect(look(again, "a.example")).toBe("0 1 2");
});

test.each([-1, 32, 63])("thread %p is refused: its mark would be written elsewhere", (reader) => {
  const { pages } = buildTexts(["a.example"]);
  expect(() => new PageReader(pages.memory, reader)).toThrow(`thread ${reader}: expected 0 to 31`);
});

test("lists that do not fit leave the pages that there were", () => {
  const { paths } = writeLists(folder, 20_000, 8);
  const pages = new NamePages({ seed: 5, maxBytes: 100_000 });
  expect(() =>
    build(
      pages,
      paths.map((path, list) => ({ path, list })),
    ),
  ).toThrow(PagesFullError);
});

/** Masks of lists by name: of entries for exactly the name, and of entries for all below it. */
type Plain = Map<string, [exact: number, tree: number]>;

function readPlainly(paths: readonly string[]): Plain {
  const plain: Plain = new Map();
  paths.forEach((path, list) => {
    for (const line of readFileSync(path, "utf8").trim().split("\n")) {
      const name = line.replace(/^\|\||^0\.0\.0\.0 |\^$/g, "");
      const masks = plain.get(name) ?? [0, 0];
      masks[line.startsWith("||") ? 1 : 0] |= 1 << list;
      plain.set(name, masks);
    }
  });
  return plain;
}

/** All names, what is below each, and as many that are in no list. */
function questions(plain: Plain): string[] {
  const others = generateNames(randomOf(123));
  return [...plain.keys()].flatMap((name) => [name, `www.${name}`, others.next().value as string]);
}

function plainly(plain: Plain, name: string): string {
  const labels = name.split(".");
  for (let label = labels.length - 1; label >= 0; label--) {
    const [exact, tree] = plain.get(labels.slice(label).join(".")) ?? [0, 0];
    const lists = label === 0 ? exact | tree : tree;
    if (lists !== 0) return `0 ${lists} ${labels.length - label}`;
  }
  return "none";
}

function wireName(name: string): Uint8Array {
  return parseName(name === "" ? "." : name) ?? expect.unreachable(name);
}
