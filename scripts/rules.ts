/**
 * The rules that hold the shape of the source, as functions from text to complaints: `test/rules.test.ts` applies them to
 * the repository, and to small wrong inputs, so that a rule which has stopped seeing is seen.
 */
import { posix } from "node:path";

/** A file: its path from the repository's root (`src/net/mod.ts`) and what it holds. */
export interface Source {
  path: string;
  text: string;
}

/** What the tables of `docs/architecture.md` say. */
export interface Architecture {
  /** Folder or file below `src/` → its layer. */
  layers: ReadonlyMap<string, number>;
  /** Files (`app/http.ts`) and folders (`net/`) below `src/` that may name the runtime. */
  mayNameRuntime: readonly string[];
  /** The dependencies that have a reason. */
  dependencies: readonly string[];
}

/** Lines in a file of source or test, at most. */
export const FILE_LINES = 400;
/** Lines in README.md, at most. */
export const README_LINES = 130;
/** The one file that may reach into the system's C library. */
const FFI_FILE = "src/net/libc.ts";

/**
 * Reads the tables that follow `<!-- layers -->`, `<!-- runtime -->` and `<!-- dependencies -->`: of each row, the words in
 * backquotes in the first cell, and for layers the number in the second.
 */
export function parseArchitecture(text: string): Architecture {
  const rows = (mark: string) => {
    const table = text.split(`<!-- ${mark} -->\n`)[1]?.split(/\n\s*\n/)[0] ?? "";
    return table.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  };
  const names = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  const layers = rows("layers").flatMap(([, name, layer]) =>
    names(name).map((folder) => [folder.replace(/\/$/, ""), Number(layer)] as const),
  );
  const firstCells = (mark: string) => rows(mark).flatMap(([, name]) => names(name));
  return {
    layers: new Map(layers),
    mayNameRuntime: firstCells("runtime"),
    dependencies: firstCells("dependencies"),
  };
}

/** Code without comments, by line: good for formatted code, where a comment starts its line or follows a space. */
export function withoutComments(text: string): string {
  return text
    .replace(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$/gm, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|\s)\/\/ .*$/gm, "$1");
}

/** Everything a file names as a module: `import`, `import type`, `export … from`, `import()`, `require()`. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const forms = [
    /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\b(?:import|require)\s*\(\s*["'`]([^"'`]+)["'`]/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]!));
}

/** Imports go down, or stay in their folder; another folder is entered by its `mod.ts`. */
export function importComplaints(source: Source, layers: Architecture["layers"]): string[] {
  const from = topFolderOf(source.path);
  if (!layers.has(from)) return [`${source.path}: docs/architecture.md gives ${from} no layer`];
  return importsOf(source.text).flatMap((name) => {
    if (name === "tenk") return [`${source.path}: imports its own package by name`];
    if (!name.startsWith(".")) return [];
    const target = posix.normalize(posix.join(posix.dirname(source.path), name));
    if (target === "package.json") return [];
    if (!target.startsWith("src/")) return [`${source.path}: imports ${target}, which is not part of src/`];
    const to = topFolderOf(target);
    const complaints = [];
    if (to !== from && !((layers.get(to) ?? Number.POSITIVE_INFINITY) < layers.get(from)!)) {
      complaints.push(`${source.path} (${from}, layer ${layers.get(from)}) imports ${to} (layer ${layers.get(to)})`);
    }
    // A folder is open to what lies in it, at any depth.
    const folder = posix.dirname(target);
    if (!`${source.path}`.startsWith(`${folder}/`) && posix.basename(target) !== "mod.ts") {
      complaints.push(`${source.path}: enters ${folder} by ${posix.basename(target)} instead of mod.ts`);
    }
    return complaints;
  });
}

/** `src/net/worker/thread.ts` → `net`, `src/main.ts` → `main.ts`. */
function topFolderOf(path: string): string {
  return path.split("/")[1] ?? path;
}

/** Only the listed files name `Bun` or a `bun:` module; only one of them `bun:ffi`. */
export function runtimeComplaints(source: Source, mayNameRuntime: readonly string[]): string[] {
  const named = importsOf(source.text).filter((name) => name === "bun" || name.startsWith("bun:"));
  if (/(?<![\w."'`$])Bun\s*[.[]/.test(withoutComments(source.text))) named.push("Bun");
  const isListed = mayNameRuntime.some((path) =>
    path.endsWith("/") ? source.path.startsWith(`src/${path}`) : source.path === `src/${path}`,
  );
  return named
    .filter((name) => !isListed || (name === "bun:ffi" && source.path !== FFI_FILE))
    .map((name) => `${source.path}: names ${name}`);
}

/** Packages that are imported must be dependencies of the program, not only of its tests. */
export function packageComplaints(source: Source, dependencies: readonly string[]): string[] {
  return importsOf(source.text)
    .filter((name) => !/^[./]|^node:|^bun(:|$)|^tenk$/.test(name))
    .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"))
    .filter((name) => !dependencies.includes(name))
    .map((name) => `${source.path}: ${name} is not a dependency`);
}

export function lengthComplaints(source: Source, maxLines: number): string[] {
  const lines = source.text.split("\n").length - 1;
  return lines > maxLines ? [`${source.path}: ${lines} lines, at most ${maxLines}`] : [];
}

/** What would tie the repository to one machine or to one mirror. Written so that this file does not find itself. */
const FOREIGN: Readonly<Record<string, RegExp>> = {
  "a path of one machine": /(?<![\w.$}/-])\/(?:w[o]rk|r[o]ot|h[o]me\/[a-z]+|t[m]p\/tmp\.)\//,
  "a registry's host":
    /\b(?:registry\.n[p]mjs|registry\.y[a]rnpkg|files\.p[y]thonhosted|p[y]pi\.org|repo1\.m[a]ven|proxy\.g[o]lang|static\.cr[a]tes)/,
  "a private folder": /(?<![\w/])\.l[i]brary\b/,
};

export function foreignComplaints(source: Source): string[] {
  return source.text.split("\n").flatMap((line, index) =>
    Object.entries(FOREIGN)
      .filter(([, pattern]) => pattern.test(line))
      .map(([what]) => `${source.path}:${index + 1}: names ${what}`),
  );
}

/** Tests that are left out for good, and errors that are waved through. */
export function waiverComplaints(source: Source): string[] {
  const waivers = /(?:^|\W)(?:test|describe|it)\.(?:skip|only|todo)\(|@ts-(?:ignore|nocheck|expect-error)\b/;
  return source.text
    .split("\n")
    .flatMap((line, index) =>
      waivers.test(line) ? [`${source.path}:${index + 1}: ${waivers.exec(line)![0].trim()}`] : [],
    );
}

/** Relative links of a page that lead nowhere. */
export function linkComplaints(page: Source, exists: (path: string) => boolean): string[] {
  const links = [...page.text.matchAll(/\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g)].map((match) => match[1] ?? match[2]!);
  return links
    .filter((link) => !/^[a-z]+:|^#/.test(link))
    .map((link) => posix.join(posix.dirname(page.path), link.replace(/#.*$/, "")))
    .filter((path) => !exists(path))
    .map((path) => `${page.path}: links to ${path}, which does not exist`);
}

/** Files that a page names in backquotes or in a drawing (`net/ffi.ts`, `ffi.ts`) and that are nowhere. */
export function nameComplaints(page: Source, paths: readonly string[]): string[] {
  const named = page.text.replace(/\]\([^)]*\)/g, "]").match(/[\w./-]+\.(?:ts|mjs)\b/g) ?? [];
  return [...new Set(named)]
    .filter((name) => !paths.some((path) => path === name || path.endsWith(`/${name}`)))
    .map((name) => `${page.path}: names ${name}, which does not exist`);
}
