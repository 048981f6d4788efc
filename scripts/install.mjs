// Are the dependencies here, and if not, fetch them. Plain Node (or Bun) without dependencies: it runs before there are any.
import { spawnSync } from "node:child_process";
import { accessSync, constants, copyFileSync, existsSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
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
  if (!isWritable(root)) {
    throw new Error(`Cannot install the dependencies: ${root} is not writable\ncopy it to a folder of your own`);
  }
  unlinkPackages(root);
  const startedMs = Date.now();
  process.stderr.write("tenk: installing dependencies … ");
  const complaint = attempt(root, waysToInstall());
  if (complaint !== undefined) {
    process.stderr.write("failed\n");
    throw new Error(`Cannot install the dependencies in ${root}:\n${complaint}`);
  }
  if (!existsSync(installed)) copyFileSync(lock, installed);
  process.stderr.write(`done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

/**
 * Installs a folder's dependencies as another machine would get them: held to its lock file, without what tests need.
 *
 * @param {string} folder holds package.json and package-lock.json
 * @param {{ platform: string, arch: string }} machine as in `process`
 * @throws {Error} with npm's words, when it fails
 */
export function installFor(folder, { platform, arch }) {
  const words = ["ci", ...QUIET, "--omit=dev", `--os=${platform}`, `--cpu=${arch}`, "--libc=glibc"];
  const complaint = attempt(folder, [[...npm(), ...words]]);
  if (complaint !== undefined) throw new Error(`Cannot install for ${platform} ${arch}:\n${complaint}`);
}

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/** The very npm that runs us, where one does: another may come first on the PATH, or none. */
function npm() {
  const current = process.env.npm_execpath ?? "";
  if (!basename(current).startsWith("npm-cli.")) return ["npm"];
  return [process.versions.bun === undefined ? process.execPath : "node", current];
}

/** `npm ci` empties the folder that a linked node_modules leads to, such as another work tree's: the link makes way instead. */
function unlinkPackages(root) {
  const path = join(root, "node_modules");
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(path);
}

function waysToInstall() {
  const ways = [
    [...npm(), "ci", ...QUIET, "--include=dev"],
    [...npm(), "install", ...QUIET, "--include=dev", "--no-save"],
  ];
  // A machine with nothing but Bun.
  if (process.versions.bun) ways.push([process.execPath, "install", "--no-save", "--ignore-scripts", "--silent"]);
  return ways;
}

/** Runs the first way that works; returns undefined, or the first one's complaint. */
function attempt(folder, ways) {
  let complaint;
  for (const [file, ...words] of ways) {
    const { status, error, stderr } = spawnSync(file, words, {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (status === 0) return undefined;
    complaint ??= error?.message ?? essence(stderr);
  }
  return complaint;
}

/** What npm says, without where in npm it was said and without its advertisements. */
function essence(said) {
  const lines = said.split("\n").filter((line) => line.startsWith("npm error") && !/^npm error\s+(at |$)/.test(line));
  return (lines.length > 0 ? lines.slice(0, 12).join("\n") : said).trim();
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
