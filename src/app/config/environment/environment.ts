import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileProblemOf, nearest } from "../../../base/mod.ts";
import { keyOfPath } from "../key.ts";
import { metaAt, schemaAt } from "../schema-path.ts";
import { variableOf, variablesOf } from "./names.ts";
import { put } from "./put.ts";
import { isReserved } from "./reserved.ts";
import { meanings, wordsOf } from "./resolve.ts";
import { valueFor } from "./value.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that a variable has set. */
export interface Override {
  readonly variable: string;
  readonly path: readonly string[];
  /** Dotted, as in the file. */
  readonly key: string;
}

/** A variable without effect, and why. */
export interface UnusedVariable {
  readonly variable: string;
  readonly why: string;
}

export interface EnvironmentResult {
  readonly raw: unknown;
  readonly overrides: readonly Override[];
  readonly unused: readonly UnusedVariable[];
  /** What is wrong with variables, so that nothing starts. */
  readonly problems: readonly string[];
}

interface EnvironmentPlace {
  /** What there is without variables: the file's settings, or without a file the names of the defaults. */
  readonly declared: unknown;
  /** The folder that paths in `…_FILE` are relative to. */
  readonly folder: string;
  /** Settings that variables do not change, dotted: those of the command line. */
  readonly fixed: readonly string[];
}

interface Meant {
  readonly variable: string;
  readonly text: string;
  readonly path: readonly string[];
  readonly isFile: boolean;
}

/** Of a secret, a certificate or a list. */
const MAX_FILE_BYTES = 256 * 1024;

/**
 * Puts the settings that variables have over those of the file. Variables of others, which happen to begin with `TENK_`, never keep
 * tenk from starting.
 *
 * @param raw the file's settings, which stay as they are
 */
export function withEnvironment(
  raw: unknown,
  environment: Environment,
  { declared, folder, fixed }: EnvironmentPlace,
): EnvironmentResult {
  const unused: UnusedVariable[] = [];
  const problems: string[] = [];
  const meant: Meant[] = [];
  const schema = schemaAt([]);
  for (const [variable, given] of Object.entries(environment)) {
    // A secret of podman's that was made by `echo` ends with a line feed.
    const text = given?.replace(/\r?\n$/, "");
    if (text === undefined || !variable.startsWith("TENK_") || isReserved(variable, text)) continue;
    const { paths, isFile } = meaningsOf(variable, schema, declared);
    if (paths.length === 0) unused.push({ variable, why: unknown(variable, schema, declared) });
    else if (paths.length > 1) problems.push(ambiguous(variable, paths));
    else if (text !== "") meant.push({ variable, text, path: paths[0]!, isFile });
    else if (metaAt(paths[0]!, "guard") === true)
      problems.push(`${variable}: ${keyOfPath(paths[0]!)}: expected a value, as it keeps others out, found nothing`);
    else unused.push({ variable, why: "empty, as if it were not there" });
  }
  // A section before what is in it.
  meant.sort((a, b) => a.path.length - b.path.length || (a.variable < b.variable ? -1 : 1));
  if (!isRecord(raw)) return { raw, overrides: [], unused, problems };
  const root = structuredClone(raw);
  const overrides: Override[] = [];
  for (const { variable, text, path, isFile } of meant) {
    const key = keyOfPath(path);
    if (fixed.some((each) => each === key || each.startsWith(`${key}.`) || key.startsWith(`${each}.`))) {
      unused.push({ variable, why: "an option of the command line says it" });
      continue;
    }
    const other = overrides.find((each) => each.key === key);
    if (other !== undefined) {
      problems.push(`${variable}: expected one variable for ${key}, found ${other.variable} too`);
      continue;
    }
    const read = isFile ? contentOf(text, variable, folder) : { text };
    if (read.text === undefined) problems.push(read.problem);
    else {
      const [section = ""] = path;
      if (root[section] === undefined && isRecord(declared) && isRecord(declared[section]))
        root[section] = structuredClone(declared[section]);
      const off = put(root, schema, path, valueFor(schemaAt(path), read.text));
      if (off === undefined) overrides.push({ variable, path, key });
      else unused.push({ variable, why: `${off} is off` });
    }
  }
  return { raw: overrides.length === 0 ? raw : root, overrides, unused, problems };
}

/** `…_FILE` has the path of a file with the value, unless a setting of that name exists. */
function meaningsOf(variable: string, schema: unknown, declared: unknown) {
  const own = unique(meanings(schema, wordsOf(variable), declared));
  if (!variable.endsWith("_FILE")) return { paths: own, isFile: false };
  const value = unique(meanings(schema, wordsOf(variable.slice(0, -"_FILE".length)), declared));
  const isFile = value.length > 0 && !own.some((path) => path.at(-1)?.endsWith("File") || path.at(-1) === "file");
  return isFile ? { paths: value, isFile } : { paths: own, isFile };
}

function unique(paths: readonly (readonly string[])[]): (readonly string[])[] {
  return [...new Map(paths.filter((path) => path.length > 0).map((path) => [keyOfPath(path), path])).values()];
}

function contentOf(
  file: string,
  variable: string,
  folder: string,
): { text: string } | { text?: undefined; problem: string } {
  const path = resolve(folder, file);
  try {
    const info = statSync(path);
    // A device or a pipe might never end.
    if (info.isFile() && info.size <= MAX_FILE_BYTES) return { text: readFileSync(path, "utf8").replace(/\r?\n$/, "") };
    return { problem: `${variable}: expected a file of at most 256 KiB, found ${path}` };
  } catch (error) {
    return { problem: `${variable}: expected a file that can be read, found ${path}: ${fileProblemOf(error)}` };
  }
}

function unknown(variable: string, schema: unknown, declared: unknown): string {
  const near = nearest(variable, variablesOf(schema, declared));
  return near === undefined ? "no setting has this name" : `no setting has this name, did you mean ${near}?`;
}

function ambiguous(variable: string, paths: readonly (readonly string[])[]): string {
  const names = paths
    .slice(0, 3)
    .map((path) => `${keyOfPath(path)} (TENK_${path.map((key) => variableOf([key]).slice(5)).join("__")})`);
  return `${variable}: expected the name of one setting, found one that means ${names.join(" or ")}: use the longer name`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
