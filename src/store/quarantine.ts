import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A disk that corrupts a file a day must not fill up with the remains. */
const MAX_CORRUPT = 3;
/** SQLite's files beside a database, which belong to its content. */
const COMPANIONS = ["-wal", "-journal", "-shm"];
/** `2026-11-23T10-11-12` */
const DATE_LENGTH = 19;

/**
 * Renames `history.sqlite` to `history-corrupt-2026-11-23T10-11-12.sqlite`, with its companions. The newest three corrupt
 * files are kept, and all foreign ones. Names sort by age: within one second, or when the clock is behind the newest name (a
 * machine that boots in 1970), the newest date is used again with a number: `…T10-11-12-2.sqlite`.
 *
 * @returns its new path
 */
export function quarantine(path: string, reason: "corrupt" | "foreign", nowMs: number): string {
  const folder = dirname(path);
  const stem = `${basename(path, ".sqlite")}-${reason}-`;
  const date = new Date(nowMs).toISOString().slice(0, DATE_LENGTH).replaceAll(":", "-");
  const target = join(folder, nextName(namesOf(folder, stem), stem, date));
  // The database is renamed last: after a crash in between, an old -wal must not lie beside a new database.
  for (const companion of [...COMPANIONS, ""]) {
    if (existsSync(path + companion)) renameSync(path + companion, target + companion);
  }
  if (reason === "corrupt") removeOldest(folder, stem);
  return target;
}

/** Returns the oldest first, including those of which only a companion is left. */
function namesOf(folder: string, stem: string): string[] {
  const files = readdirSync(folder).filter((name) => name.startsWith(stem));
  const names = files.map((name) => name.replace(/-(wal|journal|shm)$/, "")).filter((name) => name.endsWith(".sqlite"));
  const dateOf = (name: string) => name.slice(0, stem.length + DATE_LENGTH);
  return [...new Set(names)].sort((a, b) =>
    dateOf(a) === dateOf(b) ? numberOf(a, stem) - numberOf(b, stem) : dateOf(a) < dateOf(b) ? -1 : 1,
  );
}

function nextName(names: readonly string[], stem: string, date: string): string {
  const newest = names.at(-1);
  if (newest === undefined || newest.slice(0, stem.length + DATE_LENGTH) < stem + date) return `${stem}${date}.sqlite`;
  return `${newest.slice(0, stem.length + DATE_LENGTH)}-${numberOf(newest, stem) + 1}.sqlite`;
}

/** Returns 1 for a name without a number. */
function numberOf(name: string, stem: string): number {
  return Number.parseInt(name.slice(stem.length + DATE_LENGTH + 1), 10) || 1;
}

function removeOldest(folder: string, stem: string): void {
  for (const name of namesOf(folder, stem).slice(0, -MAX_CORRUPT)) {
    for (const companion of [...COMPANIONS, ""]) rmSync(join(folder, name) + companion, { force: true });
  }
}
