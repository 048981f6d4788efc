import { lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemCodeOf } from "../base/mod.ts";

/**
 * Returns what is wrong with the path of a Unix socket, in words, or undefined where nothing is, or nobody can say. The
 * system's own answers do not tell: of an ordinary file it says "in use" to who listens, and "refused" to who connects.
 *
 * @param path a file, or `\0name` in the abstract space
 */
export function pathProblem(path: string): string | undefined {
  if (path.startsWith("\0")) return undefined;
  const found = lookAt(path, statSync);
  if (typeof found === "object") return found.isSocket() ? undefined : `${kindOf(found)}, not a socket`;
  const itself = lookAt(path, lstatSync);
  if (typeof itself === "object" && itself.isSymbolicLink()) return "it is a symbolic link that leads nowhere";
  if (found === "ENOTDIR") return "a part of its path is not a directory";
  if (found === "EACCES") return "this user may not look into its directory";
  const isLost = found === "ENOENT" && lookAt(dirname(path), statSync) === "ENOENT";
  return isLost ? `its directory ${dirname(path)} does not exist` : undefined;
}

/** Returns the file's status, or the system's error code. */
function lookAt(path: string, look: (path: string) => Stats): Stats | string | undefined {
  try {
    return look(path);
  } catch (error) {
    return systemCodeOf(error);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "it is a directory";
  if (stats.isFile()) return "it is an ordinary file";
  return stats.isFIFO() ? "it is a named pipe" : "it is a device";
}
