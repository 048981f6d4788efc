import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A disk that spoils a file a day must not be filled with the remains. */
const MAX_CORRUPT = 3;
/** What SQLite lays beside a file: without them it is not whole. */
const COMPANIONS = ["", "-wal", "-journal", "-shm"];

/**
 * Renames `history.sqlite` to `history-corrupt-2026-11-23T10-11-12.sqlite`, with what belongs to it. Of corrupt files the
 * newest three are kept, of others all.
 *
 * @returns its new path
 */
export function setAside(path: string, why: "corrupt" | "foreign", nowMs: number): string {
  const stem = `${basename(path, ".sqlite")}-${why}-`;
  const date = new Date(nowMs).toISOString().slice(0, 19).replaceAll(":", "-");
  const target = freePath(join(dirname(path), stem + date));
  for (const companion of COMPANIONS) {
    if (existsSync(path + companion)) renameSync(path + companion, target + companion);
  }
  if (why === "corrupt") removeOldest(dirname(path), stem);
  return target;
}

function freePath(start: string): string {
  let path = `${start}.sqlite`;
  for (let count = 2; existsSync(path); count++) path = `${start}-${count}.sqlite`;
  return path;
}

function removeOldest(folder: string, stem: string): void {
  const names = readdirSync(folder).filter((name) => name.startsWith(stem) && name.endsWith(".sqlite"));
  for (const name of names.sort().slice(0, -MAX_CORRUPT)) {
    for (const companion of COMPANIONS) rmSync(join(folder, name) + companion, { force: true });
  }
}
