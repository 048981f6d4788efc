import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, extname, sep } from "node:path";
import { fileProblemOf, TenkError } from "../../base/mod.ts";
import { parseError } from "./error.ts";
import { isOwnFile, shownFile } from "./place.ts";
import { resolved } from "./resolve.ts";

const LOADERS: Readonly<Record<string, "ts" | "tsx" | "js" | "jsx">> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
};

/** The files of a module, found by parsing them: nothing is run. */
export interface ModuleFiles {
  /** Absolute paths: the file, and what it imports from its own folder and below, without packages. */
  readonly files: readonly string[];
  /** A hash of their contents. */
  readonly digest: string;
  /** An import without an extension, as it is written. */
  readonly extensionless: string | undefined;
}

/** @throws {TenkError} `file-unreadable`; `invalid-option` with file, line and code where one cannot be parsed */
export function moduleFiles(entry: string): ModuleFiles {
  const found = new Set([entry]);
  let extensionless: string | undefined;
  const hash = createHash("sha256");
  for (const file of found) {
    const text = textOf(file);
    hash.update(`${file}\0${text.length}\0`).update(text);
    for (const path of importsOf(file, text)) {
      const target = resolved(path, file);
      if (!target?.startsWith(dirname(entry) + sep) || target.includes("/node_modules/") || isOwnFile(target)) continue;
      found.add(target);
      if (extname(path) !== extname(target)) extensionless = path;
    }
  }
  return { files: [...found], digest: hash.digest("hex"), extensionless };
}

/**
 * Returns whether a file is a program that uses tenk and exports no handler. Loaded as a handler, it would listen before it is refused.
 * The exports of a CommonJS file are known only once it runs, so that such a file is never taken for a program.
 */
export function isProgram(file: string): boolean {
  const loader = LOADERS[extname(file)];
  if (loader === undefined) return false;
  const text = textOf(file);
  try {
    const { exports, imports } = new Bun.Transpiler({ loader }).scan(text);
    return imports.some(({ path }) => path === "tenk") && !exports.includes("default") && !/\bexports\b/.test(text);
  } catch {
    // Loading the file will report why, and where.
    return false;
  }
}

function importsOf(file: string, text: string): string[] {
  const loader = LOADERS[extname(file)];
  if (loader === undefined) return [];
  try {
    const imports = new Bun.Transpiler({ loader }).scanImports(text);
    return imports.map(({ path }) => path).filter((path) => path.startsWith("."));
  } catch (error) {
    throw parseError(withFile(error, file), file);
  }
}

/** Adds the file to the scanner's error, which knows only the text. */
function withFile(thrown: unknown, file: string): unknown {
  const [first = thrown] = thrown instanceof AggregateError ? (thrown.errors as unknown[]) : [];
  const { message, position } = first as { message?: unknown; position?: { line: number; column: number } | null };
  return { message, position: position ? { line: position.line, column: position.column, file } : null };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot read the handler ${shownFile(file)}: ${fileProblemOf(error)}`, {
      cause: error,
    });
  }
}
