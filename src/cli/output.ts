import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileProblemOf, systemCodeOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { stderr } from "./terminal.ts";

/** Writes a result. Standard output carries results and nothing else. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/**
 * A reader that went away (`tenk … | head -1`) is no failure of ours: what is written after it left is lost, the run and
 * its exit code are not. A result that a full disk did not take is told, and fails the command when it ends; a log that one did
 * not take is nobody's reason to end: a box serves on, and logs again when it can.
 */
export function survivePipes(): void {
  let isTold = false;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error) => {
    if (isTold || systemCodeOf(error) === "EPIPE") return;
    isTold = true;
    stderr.line(`tenk: cannot write to standard output: ${fileProblemOf(error)}`);
    process.once("exit", () => {
      process.exitCode ||= EXIT.failed;
    });
  });
}

/** Somewhere a result goes as JSON. */
export interface JsonTarget {
  /** True when standard output is the target, and must carry nothing else. */
  readonly isStdout: boolean;
  write(value: unknown): void;
}

/**
 * `-` is standard output, anything else a file, written whole or not at all.
 *
 * @throws {TenkError} `file-unreadable` now, before the run, when the file could not be written
 */
export function jsonTarget(place: string): JsonTarget {
  if (place === "-") return { isStdout: true, write: (value) => print(JSON.stringify(value, null, 2)) };
  const write = fileTarget(place);
  return { isStdout: false, write: (value) => write(`${JSON.stringify(value, null, 2)}\n`) };
}

/**
 * A file for a text that comes later, written whole or not at all.
 *
 * @throws {TenkError} `file-unreadable` now, when it could not be written
 */
export function fileTarget(place: string): (text: string) => void {
  mustBeWritable(place);
  return (text) => {
    const beside = `${place}.${process.pid}.tmp`;
    try {
      writeFileSync(beside, text);
      renameSync(beside, place);
    } catch (error) {
      removeIfThere(beside);
      throw new TenkError("file-unreadable", `Cannot write ${place}: ${fileProblemOf(error)}`, { cause: error });
    }
  };
}

/** What stands in the way of that is what stood in the way of writing, and that is told. */
function removeIfThere(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {}
}

function mustBeWritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = systemCodeOf(error) === "ENOENT" ? `there is no directory ${dirname(file)}` : fileProblemOf(error);
    throw new TenkError("file-unreadable", `Cannot write ${file}: ${why}`, { cause: error });
  }
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new TenkError("file-unreadable", `Cannot write ${file}: it is a directory`);
}
