// Which Bun runs tenk: always the version that package.json pins, because parts of net/ stand on undocumented behaviour.
import { existsSync, linkSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The npm packages that hold Bun for a machine, best first. Since 1.4 one build serves processors with and without AVX2.
 *
 * @param {{ platform: string, arch: string }} machine as in `process`
 */
export function platformPackages({ platform, arch }) {
  const system = { linux: "linux", darwin: "darwin", freebsd: "freebsd", win32: "windows" }[platform];
  const processor = { x64: "x64", arm64: "aarch64" }[arch];
  if (system === undefined || processor === undefined) return [];
  const name = `@oven/bun-${system}-${processor}`;
  return system === "linux" ? [name, `${name}-musl`] : [name];
}

/**
 * Where npm puts Bun for a machine, without install scripts.
 *
 * @param {string} root the folder of package.json
 * @param {{ platform: string, arch: string }} machine as in `process`
 */
export function binaryFor(root, machine) {
  return join(root, "node_modules", platformPackages(machine)[0] ?? "bun", "bin", "bun");
}

/**
 * The path of the pinned Bun.
 *
 * @param {string} root the folder of package.json
 * @throws {Error} when it is not installed
 */
export function findBun(root) {
  const pinned = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies.bun;
  if (process.versions.bun === pinned) return process.execPath;
  const found = runnable(platformBinaries(root));
  if (found !== undefined) return found;
  throw new Error(
    `Cannot find Bun ${pinned} for ${process.platform} ${process.arch} in node_modules:\n` +
      "run `npm ci` (without --omit=optional); tenk runs on Linux, x64 and arm64",
  );
}

/**
 * Where Bun may be. Its install script, where one ran, has moved it from the platform's package into `bun` itself; where
 * none ran, a placeholder stands there that only prints an error, and is replaced, so that editors find Bun too.
 */
function platformBinaries(root) {
  const require = createRequire(join(root, "package.json"));
  const extension = process.platform === "win32" ? ".exe" : "";
  const binaries = platformPackages(process)
    .map((name) => folderOf(require, name))
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, "bin", `bun${extension}`));
  const main = folderOf(require, "bun");
  if (main === undefined) return binaries;
  const placeholder = join(main, "bin", "bun.exe");
  const real = binaries.find(existsSync);
  if (real !== undefined && existsSync(placeholder) && !isProgram(placeholder)) replace(placeholder, real);
  return [...binaries, placeholder];
}

/** The one to run: where npm has installed both the glibc and the musl build, the one for this machine's libc. */
function runnable(binaries) {
  const found = binaries.filter((path) => existsSync(path) && isProgram(path));
  if (found.length < 2 || process.platform !== "linux") return found[0];
  const isMusl = process.report?.getReport().header.glibcVersionRuntime === undefined;
  return found.find((path) => path.includes("-musl") === isMusl) ?? found[0];
}

function isProgram(path) {
  return statSync(path).size > 1_000_000;
}

function replace(placeholder, real) {
  try {
    rmSync(placeholder);
    linkSync(real, placeholder);
  } catch {
    // A read-only folder, or another disk: only editors miss it.
  }
}

function folderOf(require, name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/**
 * Options of Bun that keep a folder's own .env and bunfig.toml out: they are none of tenk's business.
 *
 * @param {string} root the folder of package.json
 */
export function isolation(root) {
  return ["--no-env-file", `--config=${join(root, "scripts", "bunfig.toml")}`, "--no-install"];
}
