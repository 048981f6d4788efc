import { dirname, sep } from "node:path";
import { moduleFiles } from "./files.ts";
import { libraryExports } from "./library.ts";
import { isOwnFile } from "./place.ts";
import { isResolving, resolved } from "./resolve.ts";

/** Folder of a module → its version that is served. Folders, since a module's own files must be as new as it is. */
const versions = new Map<string, number>();
let isPrepared = false;

/**
 * Lets modules of users find `"tenk"` wherever they lie, and makes the imports of one that is loaded anew as new as itself:
 * the runtime caches by path, and a query makes another path of the same file.
 */
function prepare(): void {
  if (isPrepared) return;
  isPrepared = true;
  Bun.plugin({
    name: "tenk",
    setup(build) {
      build.module("tenk", async () => ({ exports: { ...(await libraryExports()) }, loader: "object" }));
      build.onResolve({ filter: /.*/ }, ({ path, importer }) => {
        // Also asked by our own resolving below.
        if (isResolving() || !path.startsWith(".") || importer.includes("/node_modules/")) return undefined;
        const version = versionFor(importer);
        if (version === undefined) return undefined;
        const file = resolved(path, importer);
        return file === undefined || versionFor(file) === undefined ? undefined : { path: `${file}?v=${version}` };
      });
    },
  });
}

/** The version of the innermost folder that a file lies in; tenk's own files have none, wherever the checkout lies. */
function versionFor(file: string): number | undefined {
  if (isOwnFile(file)) return undefined;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const version = versions.get(folder);
    if (version !== undefined) return version;
    if (folder === dirname(folder)) return undefined;
  }
}

/** An import that failed stays failed for the runtime (ECMA-262, Evaluate): what is cached as such is forgotten. */
async function importAgain(file: string): Promise<Record<string, unknown>> {
  try {
    return await imported(file);
  } catch (error) {
    for (const each of filesOf(file)) if (!(each in require.cache)) delete require.cache[each];
    throw error;
  }
}

/**
 * Workers share what the runtime knows of folders: one of several that import a new file at the same time may be told that it
 * is not there (seen in 1 of 3900 changes), and finds it when it asks again.
 */
async function imported(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(path);
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== "ERR_MODULE_NOT_FOUND") throw error;
    return import(path);
  }
}

function filesOf(file: string): readonly string[] {
  try {
    return moduleFiles(file).files;
  } catch {
    // One of them cannot be parsed, which the runtime does not remember.
    return [file];
  }
}

/**
 * Runs a module, or the version of it that is not cached yet, and returns what it exports.
 *
 * The modules of versions before are forgotten: they live on only while something (a connection's handler) holds them.
 */
export async function importModule(file: string, version: number | undefined): Promise<Record<string, unknown>> {
  prepare();
  if (version === undefined) return importAgain(file);
  const folder = dirname(file);
  versions.set(folder, version);
  // The runtime asks nobody about imports without an extension: these keep their path, and are forgotten first.
  for (const each of moduleFiles(file).files) delete require.cache[each];
  const suffix = `?v=${version}`;
  const fresh = file + suffix;
  const module = await imported(fresh);
  for (const key of Object.keys(require.cache)) {
    if (key.startsWith(folder + sep) && /\?v=\d+$/.test(key) && !key.endsWith(suffix)) delete require.cache[key];
  }
  return module;
}
