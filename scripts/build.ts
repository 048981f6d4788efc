/**
 * `npm run build -- [x64|arm64 …] [--into FOLDER] [--deb] [--lean]`: builds one executable for each processor, which includes the
 * runtime; with `--deb` a Debian package of it too; with `--lean` without source maps, for container images.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { packedTypes } from "../src/app/library-types.ts";
import { packedPage } from "../src/dash/mod.ts";
import { debianVersion, debPackage } from "./debian/package.ts";
import { installFor } from "./install.mjs";
import { binaryFor } from "./runtime.mjs";

const ROOT = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Linux with glibc 2.17 or later, on either processor. */
export const TARGETS = ["x64", "arm64"] as const;
export type Target = (typeof TARGETS)[number];

/**
 * Returns the files of `src/` that are compiled as separate programs: main, and those that the source loads by URL, always
 * through `sourceUrl("…")`. The executable contains them under the same paths.
 */
export function entries(): string[] {
  const source = join(ROOT, "src");
  const texts = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && path !== join("base", "place.ts"))
    .map((path) => readFileSync(join(source, path), "utf8"));
  const named = texts.flatMap((text) => [...text.matchAll(/\bsourceUrl\("([^"]+)"\)/g)].map((match) => match[1]!));
  return ["main.ts", ...[...new Set(named)].filter((path) => path !== "main.ts").sort()];
}

/**
 * Returns the Bun for the executable. For the other processor, npm installs it into its own folder, so that it has the same
 * source as all dependencies, and is verified by the lock file's checksum.
 */
function runtimeFor(target: Target): string {
  if (target === process.arch) return process.execPath;
  const folder = join(ROOT, "node_modules", ".tenk", `bun-${manifest.dependencies.bun}-linux-${target}`);
  const binary = binaryFor(folder, { platform: "linux", arch: target });
  if (!existsSync(binary)) {
    console.log(`tenk-linux-${target}: fetching its Bun …`);
    mkdirSync(folder, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(ROOT, name), join(folder, name));
    installFor(folder, { platform: "linux", arch: target });
  }
  return binary;
}

let made: Promise<Readonly<Record<string, string>>> | undefined;

/** Returns the texts that the source reads by name in an executable. They are made once: compiling the types takes seconds. */
function constants(): Promise<Readonly<Record<string, string>>> {
  made ??= packedPage().then((page) => ({
    TENK_VERSION: manifest.version,
    TENK_COMMIT: commit(),
    TENK_TYPES: packedTypes(),
    ...page,
  }));
  return made;
}

export interface BuildOptions {
  /** Leave out source maps: 4 MB less, and stack traces that name functions, but no lines of the source. @default {false} */
  readonly isLean?: boolean;
}

/** Builds one executable and returns its path. @throws {Error} with the compiler's output */
export async function build(target: Target, into: string, { isLean = false }: BuildOptions = {}): Promise<string> {
  try {
    mkdirSync(into, { recursive: true });
  } catch (cause) {
    throw new Error(`Cannot build into ${into}: the folder cannot be created; choose another one with --into`, {
      cause,
    });
  }
  const name = `tenk-linux-${target}`;
  // The compiler writes source maps beside the executable, although it also includes them.
  const folder = mkdtempSync(join(into, ".build-"));
  try {
    const words = [
      ["build", "--compile", `--target=bun-linux-${target}`, `--compile-executable-path=${runtimeFor(target)}`],
      // Bytecode more than halves the start (51 → 21 ms for `--version`). Names are kept for readable stack traces.
      // Splitting makes a handler's file, its worker and the library it imports share one set of modules, with its state.
      ["--format=esm", "--splitting", "--bytecode", "--minify-syntax", "--minify-whitespace"],
      isLean ? ["--minify-identifiers", "--keep-names"] : ["--sourcemap=inline"],
      // A handler's file may import packages, whose entry points are named in their package.json.
      ["--compile-autoload-package-json"],
      // tenk must not read settings from the folder that it is started in.
      ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
      Object.entries(await constants()).flatMap(([name, text]) => ["--define", `${name}=${JSON.stringify(text)}`]),
      [`--root=${join(ROOT, "src")}`, `--outfile=${join(folder, name)}`],
      entries().map((path) => join(ROOT, "src", path)),
    ].flat();
    const { status, stdout, stderr, error } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) throw new Error(`Cannot build ${name}:\n${error?.message ?? `${stdout}${stderr}`}`);
    chmodSync(join(folder, name), 0o755);
    renameSync(join(folder, name), join(into, name));
    return join(into, name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Packs an executable as a .deb and returns its path. */
export async function buildDeb(target: Target, program: string, into: string): Promise<string> {
  const architecture = target === "x64" ? "amd64" : "arm64";
  const { version } = manifest;
  const bytes = await debPackage({ program: readFileSync(program), architecture, version, atSeconds: sourceDate() });
  const path = join(into, `tenk_${debianVersion(version)}_${architecture}.deb`);
  writeFileSync(path, bytes);
  return path;
}

/** Returns SOURCE_DATE_EPOCH, else the time of the commit, else of 1980: the same input must give the same package. */
function sourceDate(): number {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  if (given !== undefined && /^\d{1,11}$/.test(given)) return Number(given);
  if (given !== undefined) throw new Error(`Cannot use SOURCE_DATE_EPOCH=${given}: expected seconds since 1970`);
  const { status, stdout } = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? Number(stdout) : 315_532_800;
}

/** Returns TENK_COMMIT, else the commit that is checked out, marked if files differ from it; `unknown` outside of a repository. */
function commit(): string {
  if (process.env.TENK_COMMIT) return process.env.TENK_COMMIT;
  const git = (...words: string[]) => spawnSync("git", words, { cwd: ROOT, encoding: "utf8" });
  const { status, stdout } = git("rev-parse", "--short=9", "HEAD");
  if (status !== 0) return "unknown";
  return git("status", "--porcelain", "--", "src", "package.json").stdout === ""
    ? stdout.trim()
    : `${stdout.trim()}-changed`;
}

if (import.meta.main) {
  try {
    const { values, positionals } = parseArgs({
      options: { into: { type: "string" }, deb: { type: "boolean" }, lean: { type: "boolean" } },
      allowPositionals: true,
    });
    const unknown = positionals.find((word) => !TARGETS.includes(word as Target));
    if (unknown !== undefined) throw new Error(`Cannot build for "${unknown}": expected ${TARGETS.join(" or ")}`);
    const targets = positionals.length === 0 ? TARGETS : (positionals as Target[]);
    const into = resolve(values.into ?? join(ROOT, "dist"));
    for (const target of targets) {
      const program = await build(target, into, { isLean: values.lean ?? false });
      console.log(program);
      if (values.deb) console.log(await buildDeb(target, program, into));
    }
  } catch (error) {
    console.error(`tenk: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
