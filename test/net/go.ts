/** Programs in Go that tests talk to. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

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

/**
 * Builds a program whose module is all of a folder, and keeps it for the next run, as `buildGoPackage` does.
 *
 * @returns the program's path
 */
export function buildGoModule(folder: string): string {
  return buildKept(".", folder, basename(folder), ["go.sum", "main.go"]);
}

/**
 * Builds a program of somebody else, of the versions that `go.mod` and `go.sum` in `folder` name, and keeps it for the next run.
 * Takes a minute the first time: call it in `beforeAll`, with a time limit of its own.
 *
 * @param path its package, such as `github.com/summerwind/h2spec/cmd/h2spec`
 * @returns the program's path
 */
export function buildGoPackage(path: string, folder: string): string {
  return buildKept(path, folder, basename(path), ["go.sum"]);
}

/** @param sources files that tell whether the kept program is still the one wanted */
function buildKept(path: string, folder: string, name: string, sources: readonly string[]): string {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(join(folder, source)));
  const programs = join(tmpdir(), "tenk-go-programs");
  const program = join(programs, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(programs, { recursive: true });
  const unfinished = `${program}-${process.pid}`;
  const build = spawnSync("go", ["build", "-mod=readonly", "-o", unfinished, path], {
    cwd: folder,
    env: { ...process.env, GOCACHE: process.env.GOCACHE ?? join(tmpdir(), "tenk-go-cache"), GOFLAGS: "" },
  });
  expect(build.status, build.stderr.toString()).toBe(0);
  renameSync(unfinished, program);
  return program;
}
