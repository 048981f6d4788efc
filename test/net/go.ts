/** Programs in Go that tests talk to. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const hasGo = spawnSync("go", ["version"]).status === 0;

/** In place of tests that need Go, where there is none: skipped, and a failure in CI. */
export function testWithoutGo(what: string): void {
  test.skipIf(process.env.CI !== "true")(`${what} cannot be tried: needs go`, () => {
    throw new Error("This check needs go, and must not be left out in CI");
  });
}

/** Takes half a minute the first time: call it in `beforeAll`, with a time limit of its own. @returns the program's path */
export function buildGo(name: string, folder: string): string {
  const program = join(folder, name);
  const source = join(import.meta.dirname, "fixtures", `${name}.go`);
  const cache = process.env.GOCACHE ?? join(tmpdir(), "tenk-go-cache");
  const build = spawnSync("go", ["build", "-o", program, source], {
    env: { ...process.env, GOFLAGS: "-mod=mod", GOCACHE: cache },
  });
  expect(build.stderr.toString()).toBe("");
  return program;
}
