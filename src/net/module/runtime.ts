import { dirname, sep } from "node:path";
import { moduleFiles } from "./files.ts";
import { libraryExports } from "./library.ts";
import { isOwnFile } from "./place.ts";
import { isResolving, resolved } from "./resolve.ts";

/** The version in use, by the folder of a module: the files beside a module must be of the same version. */
const versions = new Map<string, number>();
let isPrepared = false;

/**
 * Lets users' modules import `"tenk"` from any folder, and loads the imports of a reloaded module again as well:
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

/** Returns the version of the innermost known folder around a file. Tenk's own files have none, wherever the checkout is. */
function versionFor(file: string): number | undefined {
  if (isOwnFile(file)) return undefined;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const version = versions.get(folder);
    if (version !== undefined) return version;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Removes failed imports from the runtime's cache, where they would stay failed (ECMA-262, Evaluate). */
async function importAgain(file: string): Promise<Record<string, unknown>> {
  try {
    return await imported(file);
  } catch (error) {
    for (const each of filesOf(file)) if (!(each in require.cache)) delete require.cache[each];
    throw error;
  }
}

/**
 * Workers share the runtime's cache of folders: when several import a new file at the same time, one may be told that it
 * does not exist (seen in 1 of 3900 changes). It finds the file when it tries again.
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
    // A file that cannot be parsed is not in the runtime's cache.
    return [file];
  }
}

/**
 * Runs a module, or the version of it that is not cached yet, and returns what it exports.
 *
 * Earlier versions are removed from the cache. They stay in memory only while something, such as a connection's handler, refers to them.
 */
export async function importModule(file: string, version: number | undefined): Promise<Record<string, unknown>> {
  prepare();
  if (version === undefined) return importAgain(file);
  const folder = dirname(file);
  versions.set(folder, version);
  // The runtime calls no plugin for imports without an extension: they keep their path, so they are removed from the cache first.
  for (const each of moduleFiles(file).files) delete require.cache[each];
  const suffix = `?v=${version}`;
  const fresh = file + suffix;
  const module = await imported(fresh);
  for (const key of Object.keys(require.cache)) {
    if (key.startsWith(folder + sep) && /\?v=\d+$/.test(key) && !key.endsWith(suffix)) delete require.cache[key];
  }
  return module;
}
