import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes the rules of the configuration as a list, one a line, so that they are read and explained as all other lists are.
 *
 * @returns its path
 */
export async function writeRules(folder: string, rules: readonly string[]): Promise<string> {
  const path = join(folder, "rules.txt");
  const temporary = `${path}.new`;
  // A line feed within a rule would begin another.
  const lines = rules.map((rule) => `${rule.replace(/[\r\n]+/g, " ")}\n`);
  // A file that stays as it is keeps its time, by which a snapshot of the lists knows it.
  if ((await readFile(path, "utf8").catch(() => undefined)) === lines.join("")) return path;
  await writeFile(temporary, lines.join(""), { mode: 0o600 });
  await rename(temporary, path);
  return path;
}
