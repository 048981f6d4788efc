import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { TenkError } from "../../base/mod.ts";
import type { Machine } from "./machine.ts";

/** Something that an installation made, and that its removal takes back. */
export type Made =
  | { readonly kind: "file"; readonly path: string; readonly sha256: string }
  /** The program itself, which an upgrade replaces. */
  | { readonly kind: "program"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "user"; readonly name: string }
  /** A setting of the kernel, below /proc/sys, and its value before. */
  | { readonly kind: "setting"; readonly path: string; readonly before: string }
  | { readonly kind: "unit"; readonly name: string };

/** Where it is kept: outside of the data folder, which may stay. */
export const MANIFEST_FOLDER = "/usr/local/share/tenk";
export const MANIFEST = `${MANIFEST_FOLDER}/installed.json`;

/** Returns what earlier installations made, in order. @throws {TenkError} `file-unreadable` */
export function readManifest(machine: Machine): Made[] {
  const text = machine.text(MANIFEST);
  if (text === undefined) return [];
  try {
    return (JSON.parse(text) as { made: Made[] }).made;
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot read ${MANIFEST}: it is damaged`, {
      cause: error,
      hint: "it says what tenk install made; without it nothing can be taken back",
    });
  }
}

/** Without anything made, there is no file. */
export function writeManifest(machine: Machine, made: readonly Made[]): void {
  const path = machine.at(MANIFEST);
  if (made.length === 0) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ made }, null, 2)}\n`);
}

/** Returns the list with an entry, in place of one about the same thing. */
export function withMade(made: readonly Made[], entry: Made): Made[] {
  const key = keyOf(entry);
  const at = made.findIndex((each) => keyOf(each) === key);
  if (at < 0) return [...made, entry];
  // What a setting was before the first installation counts.
  return entry.kind === "setting" ? [...made] : made.with(at, entry);
}

function keyOf(made: Made): string {
  return `${made.kind} ${"path" in made ? made.path : made.name}`;
}
