import { dirname } from "node:path";

let isAsking = false;

/** Resolving calls the plugins too. True while our own code resolves. */
export function isResolving(): boolean {
  return isAsking;
}

/** Returns the file of a relative import, or undefined. The runtime tries extensions and index files. */
export function resolved(path: string, importer: string): string | undefined {
  isAsking = true;
  try {
    return Bun.resolveSync(path, dirname(importer));
  } catch {
    return undefined;
  } finally {
    isAsking = false;
  }
}
