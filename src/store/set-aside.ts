import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A disk that spoils a file a day must not be filled with the remains. */
const MAX_CORRUPT = 3;
/** What SQLite lays beside a file: without them it is not whole. */
const COMPANIONS = ["-wal", "-journal", "-shm"];
/** `2026-11-23T10-11-12` */
const DATE_LENGTH = 19;

/**
 * Renames `history.sqlite` to `history-corrupt-2026-11-23T10-11-12.sqlite`, with what belongs to it. Of corrupt files the
 * newest three are kept, of others all. Names sort as they were made: where the clock is behind the newest of them (a machine
 * that starts in 1970), and within a second, that one's date is taken, with a number: `…T10-11-12-2.sqlite`.
 *
 * @returns its new path
 */
export function setAside(path: string, why: "corrupt" | "foreign", nowMs: number): string {
  const folder = dirname(path);
  const stem = `${basename(path, ".sqlite")}-${why}-`;
  const date = new Date(nowMs).toISOString().slice(0, DATE_LENGTH).replaceAll(":", "-");
  const target = join(folder, nextName(namesOf(folder, stem), stem, date));
  // The file itself goes last: where this is cut short, a whole -wal is not left beside a new file.
  for (const companion of [...COMPANIONS, ""]) {
    if (existsSync(path + companion)) renameSync(path + companion, target + companion);
  }
  if (why === "corrupt") removeOldest(folder, stem);
  return target;
}

/** The oldest first, also those of which only a companion is left. */
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

/** 1 where there is none. */
function numberOf(name: string, stem: string): number {
  return Number.parseInt(name.slice(stem.length + DATE_LENGTH + 1), 10) || 1;
}

function removeOldest(folder: string, stem: string): void {
  for (const name of namesOf(folder, stem).slice(0, -MAX_CORRUPT)) {
    for (const companion of [...COMPANIONS, ""]) rmSync(join(folder, name) + companion, { force: true });
  }
}
