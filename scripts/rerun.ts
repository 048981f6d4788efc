/** Which test files run a second time, alone, and what their second run changes: a busy machine must not fail a correct test. */
import type { FileResult } from "./failures.ts";
import { closing, type Tally, together } from "./tally.ts";

/** If more files fail, load is not the cause, and none of them runs again. */
const MAX_FILES = 5;

/** One process of `bun test` that has ended. */
export interface Ended {
  readonly tally: Tally;
  /** Those in which anything failed. */
  readonly files: readonly FileResult[];
}

export interface Outcome {
  readonly tally: Tally;
  /** One text for each test that failed, and then passed alone. */
  readonly recovered: readonly string[];
  /** One text for each failure that counts. */
  readonly failed: readonly string[];
}

/**
 * Returns the files to run once more: all that failed, or none.
 *
 * None where they are too many, and where a process failed for another reason, such as a crash: its other files may not have run.
 */
export function filesToRerun(runs: readonly Ended[]): readonly string[] {
  const files = runs.flatMap((run) => run.files.map(({ file }) => file));
  return files.length <= MAX_FILES && runs.every(isExplained) ? files : [];
}

/** Returns the outcome of several processes, and of the second run of `filesToRerun(runs)` where there was one. */
export function outcomeOf(runs: readonly Ended[], again?: Ended): Outcome {
  const all = together(runs.map(({ tally }) => tally));
  const first = runs.flatMap(({ files }) => files);
  const errors = first.flatMap((file) => file.errors);
  if (again === undefined) return { tally: all, recovered: [], failed: errors };
  const second = again.files.flatMap((file) => file.errors);
  if (!isExplained(again)) return { tally: all, recovered: [], failed: [...errors, ...second] };
  const hasFailedTwice = ({ file }: FileResult) => again.files.some((other) => other.file === file);
  const before = (pick: (file: FileResult) => number) => first.reduce((sum, file) => sum + pick(file), 0);
  return {
    tally: closing(
      all.passed - before(({ passed }) => passed) + again.tally.passed,
      again.tally.failed,
      all.skipped - before(({ skipped }) => skipped) + again.tally.skipped,
      again.tally.exitCode,
    ),
    recovered: first.filter((file) => !hasFailedTwice(file)).flatMap((file) => file.errors),
    failed: [...first.filter(hasFailedTwice).flatMap((file) => file.errors), ...second],
  };
}

/** Whether the failures of its files are all that made this process fail. */
function isExplained({ tally, files }: Ended): boolean {
  if (tally.exitCode === 0) return true;
  const known = files.reduce((sum, { errors }) => sum + errors.length, 0);
  // The runner counts an error while a file is loaded twice: as a failed test, and as an error.
  const most = files.reduce((sum, { outside }) => sum + outside, known);
  const hasFiles = files.every(({ file }) => file !== "");
  return tally.exitCode === 1 && hasFiles && known <= tally.failed && tally.failed <= most;
}
