/**
 * Turns the end of what `bun test` says into the closing line and the exit code.
 *
 * A run that broke off without a summary, or that ended with an error outside of any test, has failed, whatever it counted.
 *
 * @example
 * tally(" 14 pass\n 2 skip\n 1 fail\nRan 17 tests", 1).line; // "14 passed, 1 failed, 2 skipped"
 */
export function tally(said: string, exitCode: number): { line: string; exitCode: number } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  const plain = said.replace(/\x1b\[[0-9;]*m/g, "");
  const count = (word: string) =>
    Number([...plain.matchAll(new RegExp(`^\\s*(\\d+) ${word}s?$`, "gm"))].at(-1)?.[1] ?? 0);
  const passed = count("pass");
  const skipped = count("skip") + count("todo");
  const failed = count("fail") + count("error") || (exitCode === 0 && passed > 0 ? 0 : 1);
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return { line, exitCode: failed > 0 ? exitCode || 1 : exitCode };
}
