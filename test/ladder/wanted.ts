import { test } from "bun:test";
import { spawnSync } from "node:child_process";
import { isSlowStage } from "../slow-stage.ts";

/**
 * Returns whether tests that need root and these programs run: in CI, where they must, and with `TENK_REAL=1`. What is missing is said
 * in the name of a skipped test.
 */
export function isWanted(what: string, programs: readonly string[]): boolean {
  if (!isSlowStage && process.env.TENK_REAL !== "1") {
    test.skipIf(true)(`${what}: checked in CI, or with TENK_REAL=1`, () => {});
    return false;
  }
  const missing = programs.filter((name) => Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }) === null);
  if (process.getuid?.() !== 0) missing.push("root");
  if (missing.length === 0) return true;
  test.skipIf(!isSlowStage)(`${what}: cannot be checked without ${missing.join(", ")}`, () => {
    throw new Error(`This check needs ${missing.join(", ")}, and must not be left out in CI`);
  });
  return false;
}

/** Runs a program to its end and returns what it prints. @throws {Error} with its output when it fails */
export function run(
  command: string,
  words: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, words, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    timeout: 120_000,
    ...options,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${words.join(" ")} failed (${error?.message ?? signal ?? `exit code ${status}`}):\n${`${stdout}${stderr}`.slice(-4000)}`,
  );
}
