// Are the dependencies here, and if not, fetch them. Plain Node (or Bun) without dependencies: it runs before there are any.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * True when everything the lock file asks for is installed. npm writes the same list to node_modules/.package-lock.json
 * as its last step, so that one file says both what is there and that the installation was not broken off.
 *
 * @param {string} lockText package-lock.json
 * @param {string} installedText node_modules/.package-lock.json
 * @param {{ withDevelopment: boolean }} options whether what only tests need must be there too
 */
export function isInstalled(lockText, installedText, { withDevelopment }) {
  const wanted = JSON.parse(lockText).packages;
  const found = JSON.parse(installedText).packages;
  return Object.entries(wanted).every(([path, { version, optional, dev }]) => {
    if (path === "" || (dev && !withDevelopment)) return true;
    // Optional ones are for other platforms: they may be missing, but not be of another version.
    return found[path] === undefined ? optional === true : found[path].version === version;
  });
}

/**
 * Installs what is missing, and says so on standard error in one line. Install scripts are never run: nothing here needs
 * them (`runtime.mjs` takes Bun from its platform's package), and npm is about to stop running them.
 *
 * @param {string} root the folder of package.json
 * @param {{ withDevelopment: boolean }} options
 * @throws {Error} with what to do about it, when it fails
 */
export function ensureInstalled(root, options) {
  const lock = join(root, "package-lock.json");
  // An installed package has no lock file: whoever installed it has installed its dependencies.
  if (!existsSync(lock)) return;
  const installed = join(root, "node_modules", ".package-lock.json");
  if (existsSync(installed)) {
    if (isInstalled(readFileSync(lock, "utf8"), readFileSync(installed, "utf8"), options)) return;
  }
  const startedMs = Date.now();
  process.stderr.write("tenk: installing dependencies … ");
  const output = install(root);
  if (output !== undefined) {
    process.stderr.write("failed\n");
    throw new Error(`Cannot install the dependencies in ${root}:\n${output}`);
  }
  if (!existsSync(installed)) copyFileSync(lock, installed);
  process.stderr.write(`done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

/** Runs the first way that works; returns undefined, or the last one's complaint. */
function install(root) {
  let complaint = "";
  for (const [file, ...words] of waysToInstall()) {
    const { status, error, stderr } = spawnSync(file, words, {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (status === 0) return undefined;
    if (error === undefined || complaint === "") complaint = error?.message ?? stderr.trim();
  }
  return complaint;
}

function waysToInstall() {
  const quiet = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  // The very npm that runs us, where one does: another may come first on the PATH, or none.
  const current = process.env.npm_execpath ?? "";
  const isNpm = basename(current).startsWith("npm-cli.") && process.versions.bun === undefined;
  const npm = isNpm ? [process.execPath, current] : ["npm"];
  const ways = [
    [...npm, "ci", ...quiet],
    [...npm, "install", "--no-save", ...quiet],
  ];
  // A machine with nothing but Bun.
  if (process.versions.bun) ways.push([process.execPath, "install", "--no-save", "--ignore-scripts", "--silent"]);
  return ways;
}
