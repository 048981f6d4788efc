import { rmdirSync } from "node:fs";
import { messageOf, systemCodeOf, TenkError } from "../../base/mod.ts";
import type { Machine } from "./machine.ts";
import { MANIFEST_FOLDER, type Made, readManifest, withMade, writeManifest } from "./manifest.ts";
import type { Step, StepResult } from "./step.ts";

/**
 * Does what was planned. What was made is written down after each step, so that what a failed installation made can be taken back.
 *
 * @throws {TenkError} `unsupported` with the step that failed, and why
 */
export function takeSteps(steps: readonly Step[], machine: Machine): void {
  let made = readManifest(machine);
  for (const step of steps) {
    const { made: entry, gone } = taken(step) ?? {};
    if (entry !== undefined) made = withMade(made, entry);
    if (gone !== undefined) made = made.filter((each) => !isSame(each, gone));
    if (entry !== undefined || gone !== undefined) writeManifest(machine, made);
  }
  if (made.length === 0) removeIfEmpty(machine.at(MANIFEST_FOLDER));
}

function taken({ text, take }: Step): StepResult | undefined {
  try {
    return take();
  } catch (error) {
    throw new TenkError("unsupported", `Cannot ${text}: ${messageOf(error)}`, { cause: error });
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!/^(ENOENT|ENOTEMPTY)$/.test(systemCodeOf(error) ?? "")) throw error;
  }
}

function isSame(one: Made, other: Made): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
