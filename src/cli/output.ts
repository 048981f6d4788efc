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
 * Handles errors of standard output and standard error. A reader that has gone away (`tenk … | head -1`) is no failure: the run
 * continues, with its exit code. A result that cannot be written, as to a full disk, is reported and fails the command at its end. A
 * log line that cannot be written is dropped.
 */
export function handleOutputErrors(): void {
  let isReported = false;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error) => {
    if (isReported || systemCodeOf(error) === "EPIPE") return;
    isReported = true;
    stderr.line(`tenk: cannot write to standard output: ${fileProblemOf(error)}`);
    process.once("exit", () => {
      process.exitCode ||= EXIT.failed;
    });
  });
}

/** Where a result is written as JSON. */
export interface JsonTarget {
  /** Standard output is the target, and must carry nothing else. */
  readonly isStdout: boolean;
  write(value: unknown): void;
}

/**
 * Returns a target: `-` is standard output, anything else a file, written atomically.
 *
 * @throws {TenkError} `file-unreadable` now, before the run, when the file could not be written
 */
export function jsonTarget(place: string): JsonTarget {
  if (place === "-") return { isStdout: true, write: (value) => print(JSON.stringify(value, null, 2)) };
  const write = fileTarget(place);
  return { isStdout: false, write: (value) => write(`${JSON.stringify(value, null, 2)}\n`) };
}

/**
 * Returns a function that writes a text into a file, atomically.
 *
 * @throws {TenkError} `file-unreadable` now, when it could not be written
 */
export function fileTarget(place: string): (text: string) => void {
  requireWritable(place);
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

/** Ignores errors: they have the same cause as the error of writing, which is reported. */
function removeIfThere(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {}
}

function requireWritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = systemCodeOf(error) === "ENOENT" ? `there is no directory ${dirname(file)}` : fileProblemOf(error);
    throw new TenkError("file-unreadable", `Cannot write ${file}: ${why}`, { cause: error });
  }
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new TenkError("file-unreadable", `Cannot write ${file}: it is a directory`);
}
