import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isOneFile, logOf, nearest, TenkError } from "../../base/mod.ts";
import type { Handler } from "../types.ts";
import { moduleError, placeOfText } from "./error.ts";
import { isProgram, moduleFiles } from "./files.ts";
import { asLoad } from "./loads.ts";
import { codeFrame, isOwnFile, shownFile } from "./place.ts";
import { importModule } from "./runtime.ts";

/** All members of a handler. As a record, so that the compiler reports a member of `Handler` that is missing here. */
const MEMBERS = Object.keys({
  open: true,
  chunk: true,
  framing: true,
  frame: true,
  readsWhileFull: true,
  readsAfterReset: true,
  keepsNoBytes: true,
  isSending: true,
  drain: true,
  expired: true,
  end: true,
  shutdown: true,
  close: true,
  configure: true,
  report: true,
  counting: true,
  stopped: true,
} satisfies Record<keyof Handler, true>);

/** Members that are not functions. */
const SETTINGS: readonly string[] = [
  "framing",
  "readsWhileFull",
  "readsAfterReset",
  "keepsNoBytes",
] satisfies (keyof Handler)[];

const log = logOf("net");

const HINT = "export default { chunk(connection, bytes) { … } }";

let lastVersion = 0;

/** Handlers that a module exports as objects: every load of the module returns the same one. */
const shared = new WeakSet<object>();

/** Returns whether all loads of a handler's module share it; otherwise it was made for one listener. */
export function isShared(handler: object): boolean {
  return shared.has(handler);
}

/** Files of users that this event loop has loaded. */
const loadedFiles = new Set<string>();

/** Returns whether this event loop has loaded the file before, even if that failed. Only another version of it is then run again. */
export function isLoadedHere(href: string): boolean {
  return loadedFiles.has(fileURLToPath(withoutQuery(href)));
}

function withoutQuery(href: string): URL {
  const url = new URL(href);
  url.search = "";
  return url;
}

/** Returns an address under which the file is loaded again, with its current content. */
export function freshVersion(file: URL): URL {
  const fresh = new URL(file);
  lastVersion += 1;
  fresh.search = `?v=${lastVersion}`;
  return fresh;
}

/**
 * Returns the handler that a file exports as default. A function there is called with `options` (and `href`), and may be async; without
 * options it gets `{}`. Options for a handler that is an object are not used, which is logged.
 *
 * @param href of the file; with `?v=2` (`freshVersion`) it and its imports are read again
 * @throws {TenkError} `file-unreadable`, or `invalid-option` with the file's line where there is one
 */
export async function loadHandler<Data>(href: string, options?: unknown): Promise<Handler<Data>> {
  const query = new URL(href).searchParams.get("v");
  const version = query === null ? undefined : Number(query);
  const url = withoutQuery(href);
  const file = fileURLToPath(url);
  const isOwn = isOneFile() && file.startsWith("/$bunfs/");
  if (!isOwn && !existsSync(file)) {
    throw new TenkError("file-unreadable", `Cannot load the handler ${shownFile(file)}: there is no such file`);
  }
  if (isOwnFile(file)) return loaded(file, version, isOwn ? url.href : undefined, options, href);
  if (isProgram(file)) throw noDefault(file);
  loadedFiles.add(file);
  const load = { file, options: JSON.stringify(options) ?? "", isAgain: version !== undefined };
  return asLoad(load, () => loaded(file, version, undefined, options, href));
}

/** @param bundled the file's address within the executable, for tenk's own handlers */
async function loaded<Data>(
  file: string,
  version: number | undefined,
  bundled: string | undefined,
  options: unknown,
  href: string,
): Promise<Handler<Data>> {
  let module: Record<string, unknown>;
  try {
    module = bundled === undefined ? await importModule(file, version) : await import(bundled);
  } catch (error) {
    throw await moduleError(error, file, version === undefined ? undefined : stuckHint(file));
  }
  if (options !== undefined && typeof module.default === "object") {
    const hint = "export default (options) => ({ … })";
    log.warn("options not used: the file exports a handler, not a function", { handler: shownFile(file), hint });
  }
  const handler = checked(
    await made(module.default, file, options ?? (isOwnFile(file) ? undefined : {}), href),
    file,
  ) as Handler<Data>;
  if (handler === module.default) shared.add(handler);
  return handler;
}

/** Why a repaired file still fails: the runtime remembers a failed import by its path, and only a path with an extension can be changed. */
function stuckHint(file: string): string | undefined {
  const { extensionless } = moduleFiles(file);
  if (extensionless === undefined) return undefined;
  return `write the extension of "${extensionless}", or start again: without one, what failed is not read again`;
}

async function made(exported: unknown, file: string, ...given: unknown[]): Promise<unknown> {
  if (exported === undefined) throw noDefault(file);
  if (typeof exported !== "function") return exported;
  if (/^class\b/.test(Function.prototype.toString.call(exported))) {
    throw refusal(file, "its default export is a class", `export default new ${exported.name || "Handler"}()`);
  }
  try {
    return await (exported as (...given: unknown[]) => unknown)(...given);
  } catch (error) {
    throw isOwnFile(file) ? error : await moduleError(error, file);
  }
}

function noDefault(file: string): TenkError {
  const program = `one that listens by itself is a program of its own: tenk run --program ${shownFile(file)}`;
  return refusal(file, "it has no default export", `${HINT}; ${program}`);
}

/**
 * Runs a file as a program, in which `"tenk"` is this tenk. Resolves when it has run to its end; what it listens on goes on.
 *
 * @throws {TenkError} `file-unreadable`, or `invalid-option` with the file's line where there is one
 */
export async function runProgram(file: string): Promise<void> {
  await loadModule(file);
}

/**
 * Runs a user's file, at most once on each event loop, and returns what it exports.
 *
 * @throws {TenkError} `file-unreadable`, or `invalid-option` with the file's line where there is one
 */
export async function loadModule(file: string): Promise<Record<string, unknown>> {
  if (!existsSync(file)) {
    throw new TenkError("file-unreadable", `Cannot run ${shownFile(file)}: there is no such file`);
  }
  try {
    return await importModule(file, undefined);
  } catch (error) {
    throw await moduleError(error, file);
  }
}

/** Checks that a handler has at least one event, and no function whose name is nearly one: a misspelt event would never be called. */
function checked(handler: unknown, file: string): object {
  if (typeof handler !== "object" || handler === null) {
    const what = handler === null ? "null" : `a ${typeof handler}`;
    throw refusal(file, `its default export must be a handler or return one, and is ${what}`, HINT);
  }
  const value = handler as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(value)) {
    if (MEMBERS.includes(name) || typeof value[name] !== "function") continue;
    const meant = nearest(name, MEMBERS);
    // A `send` beside an `end` is a helper, not a misspelling.
    const isSlip = meant !== undefined && !(meant in value) && meant[0] === name[0]!.toLowerCase();
    if (isSlip) throw misnamed(file, name, meant);
  }
  for (const name of MEMBERS) {
    if (SETTINGS.includes(name) || value[name] === undefined || typeof value[name] === "function") continue;
    throw refusal(file, `its ${name} must be a function`, HINT);
  }
  if (!MEMBERS.some((name) => !SETTINGS.includes(name) && name in value)) {
    throw refusal(file, `its default export has none of ${MEMBERS.join(", ")}`, HINT);
  }
  return handler;
}

function misnamed(file: string, name: string, meant: string): TenkError {
  const place = placeOfText(file, name);
  const frame = place === undefined ? "" : `\n${codeFrame(place)}`;
  return refusal(file, `a handler has no ${name}, did you mean ${meant}?${frame}`, `it may have ${MEMBERS.join(", ")}`);
}

function refusal(file: string, why: string, hint: string): TenkError {
  return new TenkError("invalid-option", `Cannot use ${shownFile(file)} as a handler: ${why}`, { hint });
}
