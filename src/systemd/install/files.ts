import { chmodSync, chownSync, copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { TenkError } from "../../base/mod.ts";
import { type Machine, sha256, sha256OfFile } from "./machine.ts";
import type { Made } from "./manifest.ts";
import type { Plan, Step } from "./step.ts";

/** A file that an installation brings. */
export interface WantedFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string | { readonly copyOf: string };
  /** After the path: "the service"; may be empty. */
  readonly about: string;
  /** The group that may read it. @default {root} */
  readonly group?: string;
  /** The user's own: one that is there is left alone. @default {false} */
  readonly isUsers?: boolean;
}

/** Plans the files that are missing, or are those of an earlier installation; whatever else is there is left alone. */
export function planFiles(wanted: readonly WantedFile[], machine: Machine, made: readonly Made[]): Plan {
  const steps: Step[] = [];
  const kept: string[] = [];
  const folders = new Set<string>();
  for (const file of wanted) {
    const state = stateOf(file, machine, made);
    if (state === "same") continue;
    if (state !== "missing" && state !== "ours") {
      kept.push(`${file.path}: ${state}`);
      continue;
    }
    for (const folder of missingFolders(dirname(file.path), machine)) folders.add(folder);
    const verb = state === "ours" ? "replace" : typeof file.content === "string" ? "write" : "copy this program to";
    steps.push({
      text: `${verb} ${file.path}${file.about === "" ? "" : `, ${file.about}`}`,
      take: () => ({ made: write(file, machine) }),
    });
  }
  return { steps: [...[...folders].map((path) => folderStep(path, machine)), ...steps], kept };
}

/** @returns "missing", "same", "ours", or why it is left alone @throws {TenkError} `usage` where another program is in the way */
function stateOf({ path, content, isUsers }: WantedFile, machine: Machine, made: readonly Made[]): string {
  if (!machine.has(path)) return "missing";
  const own = made.find((each) => "path" in each && each.path === path);
  if (isUsers) return own === undefined ? "it was there before" : "same";
  const now = sha256OfFile(machine.at(path));
  if (now === (typeof content === "string" ? sha256(content) : sha256OfFile(content.copyOf))) return "same";
  if (own?.kind === "program" || (own?.kind === "file" && own.sha256 === now)) return "ours";
  if (typeof content === "string") return own === undefined ? "it was there before" : "it was changed since";
  throw new TenkError("usage", `${path} is there, and tenk install did not bring it`, {
    hint: `move it away, or let it install itself: ${path} install`,
  });
}

/** Returns the folders that are missing on the way to one, from the top. */
export function missingFolders(folder: string, machine: Machine): string[] {
  return machine.has(folder) ? [] : [...missingFolders(dirname(folder), machine), folder];
}

export function folderStep(path: string, machine: Machine): Step {
  return {
    text: `create the folder ${path}`,
    take() {
      mkdirSync(machine.at(path), { recursive: true, mode: 0o755 });
      return { made: { kind: "folder", path } };
    },
  };
}

/** Never leaves half a file, and replaces a program that runs. */
function write({ path, mode, content, group }: WantedFile, machine: Machine): Made {
  const target = machine.at(path);
  const beside = `${target}.${process.pid}.tmp`;
  try {
    if (typeof content === "string") writeFileSync(beside, content);
    else copyFileSync(content.copyOf, beside);
    chmodSync(beside, mode);
    if (group !== undefined) chownSync(beside, 0, groupNumber(group, machine));
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  return typeof content === "string" ? { kind: "file", path, sha256: sha256(content) } : { kind: "program", path };
}

export function groupNumber(name: string, machine: Machine): number {
  const line = (machine.text("/etc/group") ?? "").split("\n").find((each) => each.startsWith(`${name}:`));
  return Number(line?.split(":")[2] ?? 0);
}
