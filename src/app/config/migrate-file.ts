import { closeSync, fsyncSync, openSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { isMap, isNode } from "yaml";
import { fileProblemOf, TenkError } from "../../base/mod.ts";
import { parseConfigText, readConfigText } from "./text.ts";
import { CONFIG_VERSION, migrate } from "./version.ts";

/**
 * Writes a file of an older version as one of the current version, with its `version`. Whatever has not changed stays, comments too.
 *
 * @returns what has changed; nothing for a file of the current version
 * @throws {TenkError} `config` when it cannot be parsed, `file-unreadable` when it cannot be written
 */
export function migrateFile(file: string): readonly string[] {
  const before = readConfigText(file);
  const { document, lines } = parseConfigText(before, file);
  const { text, changes } = migrate(before, document, { file, line: (offset) => lines.linePos(offset).line });
  const first = isMap(document.contents) && !document.contents.flow ? document.contents.items[0]?.key : undefined;
  const hasVersion = document.has("version");
  const start = isNode(first) && first.range ? first.range[0] : 0;
  const isVersionless = !hasVersion && first !== undefined;
  const next = isVersionless ? `${text.slice(0, start)}version: ${CONFIG_VERSION}\n${text.slice(start)}` : text;
  if (next === before) return [];
  replace(file, next);
  return isVersionless ? [`version: ${CONFIG_VERSION} added`, ...changes] : changes;
}

/** Replaces the file's content at once, so that a crash leaves the old or the new one; a link stays a link. */
function replace(file: string, text: string): void {
  try {
    const path = realpathSync(file);
    const temporary = `${path}.new`;
    const descriptor = openSync(temporary, "w", statSync(path).mode & 0o777);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot write ${file}: ${fileProblemOf(error)}`, { cause: error });
  }
}
