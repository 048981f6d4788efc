/**
 * Converts the end of the output of `bun test` into the closing line and the exit code.
 *
 * A run that ended without a summary, or with an error outside of any test, has failed, whatever it counted.
 *
 * @example
 * tally(" 14 pass\n 2 skip\n 1 fail\nRan 17 tests", 1).line; // "14 passed, 1 failed, 2 skipped"
 */
export function tally(output: string, exitCode: number): Tally {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const count = (word: string) =>
    Number([...plain.matchAll(new RegExp(`^\\s*(\\d+) ${word}s?$`, "gm"))].at(-1)?.[1] ?? 0);
  const passed = count("pass");
  const skipped = count("skip") + count("todo");
  const failed = count("fail") + count("error") || (exitCode === 0 && passed > 0 ? 0 : 1);
  return closing(passed, failed, skipped, failed > 0 ? exitCode || 1 : exitCode);
}

/**
 * Adds up several parallel runs.
 *
 * @example
 * together([tally(" 2 pass\n 0 fail\n", 0), tally(" 3 pass\n 1 skip\n 1 fail\n", 1)]).line; // "5 passed, 1 failed, 1 skipped"
 */
export function together(runs: readonly Tally[]): Tally {
  const sum = (pick: (run: Tally) => number) => runs.reduce((total, run) => total + pick(run), 0);
  const worst = runs.find((run) => run.exitCode !== 0)?.exitCode ?? 0;
  return closing(
    sum((run) => run.passed),
    sum((run) => run.failed),
    sum((run) => run.skipped),
    worst,
  );
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly line: string;
  readonly exitCode: number;
}

/** Returns the counts with the line that says them. */
export function closing(passed: number, failed: number, skipped: number, exitCode: number): Tally {
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return { passed, failed, skipped, line, exitCode };
}
