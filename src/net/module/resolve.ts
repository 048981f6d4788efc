import { dirname } from "node:path";

let isAsking = false;

/** Resolving asks the plugins too: true while it is ours that asks. */
export function isResolving(): boolean {
  return isAsking;
}

/** The file a relative import leads to, or undefined; the runtime adds extensions and index files. */
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
