import { type Document, isMap, isNode, isScalar, type Pair } from "yaml";
import { TenkError } from "../../base/mod.ts";

/** The version of the configuration that this tenk reads. A file without one was written before there were versions. */
export const CONFIG_VERSION = 1;

/** A change of the configuration's names from one version to the next. */
export interface Migration {
  /** The version that it leads to. */
  readonly to: number;
  readonly renames: readonly Rename[];
}

interface Rename {
  /** Dotted; `*` is any name: `tcp.*.outbox`. */
  readonly from: string;
  readonly key: string;
}

const MIGRATIONS: readonly Migration[] = [{ to: 1, renames: [{ from: "tcp.*.outbox", key: "writeQueue" }] }];

/** What has changed in a file's text on the way to the current version. */
export interface Migrated {
  /** The text for the current version; everything but what has changed is as it was. */
  readonly text: string;
  readonly changes: readonly string[];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly change: string;
}

/**
 * Changes a file of an older version into one of the current version: its text, so that comments and order stay.
 *
 * @throws {TenkError} `config` when the file is of a newer version, or its version is no number
 */
export function migrate(
  text: string,
  document: Document,
  { file, line }: { readonly file: string; readonly line: (offset: number) => number },
  migrations = MIGRATIONS,
  current = CONFIG_VERSION,
): Migrated {
  const written = pairsOf(document.contents).find((pair) => nameOf(pair) === "version");
  const version = versionOf(written, (offset) => `${file}:${line(offset)}:`, current);
  const edits = migrations
    .filter(({ to }) => to > version && to <= current)
    .flatMap(({ renames }) => renames.flatMap((rename) => editsFor(document, rename)));
  if (isScalar(written?.value) && written.value.value !== null && version < current && written.value.range)
    edits.push(edit(written.value.range, String(current), `version: ${version} is ${current}`));
  return { text: applied(text, edits), changes: edits.map(({ change }) => change) };
}

function versionOf(pair: Pair | undefined, at: (offset: number) => string, current: number): number {
  const value = isScalar(pair?.value) ? pair.value.value : undefined;
  if (pair === undefined || value === null) return 0;
  const offset = isNode(pair.value) ? (pair.value.range?.[0] ?? 0) : 0;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
    throw new TenkError("config", `${at(offset)} version: expected ${current}, found ${JSON.stringify(value ?? null)}`);
  if (value <= current) return value;
  throw new TenkError("config", `${at(offset)} version: expected at most ${current}, found ${value}`, {
    hint: "the file is for a newer tenk: start that one (tenk upgrade), or use the file that this version had",
  });
}

function editsFor(document: Document, { from, key }: Rename): Edit[] {
  const path = from.split(".");
  const sections = path.slice(0, -1).reduce<unknown[]>(
    (nodes, part) =>
      nodes.flatMap((node) =>
        pairsOf(node)
          .filter((pair) => part === "*" || nameOf(pair) === part)
          .map(({ value }) => value),
      ),
    [document.contents],
  );
  return sections.flatMap((section) => {
    const pairs = pairsOf(section);
    const pair = pairs.find((each) => nameOf(each) === path.at(-1));
    // Where both are written somebody has to choose: the old one is refused as unknown.
    if (!isNode(pair?.key) || !pair.key.range || pairs.some((each) => nameOf(each) === key)) return [];
    return [edit(pair.key.range, key, `${from} is ${key}`)];
  });
}

function edit(range: readonly [number, number, number], text: string, change: string): Edit {
  return { start: range[0], end: range[1], text, change };
}

/** Applies edits from the end, so that the offsets of the others stay right. */
function applied(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.start - a.start)
    .reduce((all, { start, end, text: next }) => all.slice(0, start) + next + all.slice(end), text);
}

function pairsOf(node: unknown): readonly Pair[] {
  return isMap(node) ? (node.items as Pair[]) : [];
}

function nameOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}
