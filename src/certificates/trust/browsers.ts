import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileProblemOf } from "../../base/mod.ts";
import { findProgram, type Machine, type Ran, run } from "./machine.ts";
import type { TrustedRoot, TrustResult } from "./result.ts";

/** Where Chromium and its kin keep roots (NSS), and where profiles of Firefox are, below a home folder. */
const CHROMIUM_STORES = [".pki/nssdb", "snap/chromium/current/.pki/nssdb"];
const FIREFOX_FOLDERS = [
  ".mozilla/firefox",
  ".config/mozilla/firefox",
  "snap/firefox/common/.mozilla/firefox",
  ".var/app/org.mozilla.firefox/.mozilla/firefox",
];
const CHROMIUMS = ["chromium", "chromium-browser", "google-chrome", "brave-browser", "microsoft-edge", "vivaldi"];
/** More profiles than this are not looked at. */
const MAX_PROFILES = 50;

interface Database {
  readonly store: "Chromium" | "Firefox";
  readonly path: string;
}

/** Adds the root to the browsers' own stores: on Linux neither Chromium nor Firefox reads the system's. */
export function installInBrowsers(root: TrustedRoot, machine: Machine): TrustResult[] {
  return eachDatabase(machine, (database, certutil) => {
    if (isInstalled(database, certutil, root, machine)) return result(database, "unchanged");
    const made = database.store === "Chromium" ? makeDatabase(database.path, certutil, machine) : undefined;
    if (made?.isDone === false) return result(database, "failed", made.output);
    const added = withFile(root.root, (file) =>
      // C: trusted to issue certificates of servers, and nothing else.
      run([certutil, "-A", "-d", `sql:${database.path}`, "-t", "C,,", "-n", root.commonName, "-i", file], machine),
    );
    return added.isDone ? result(database, "installed") : result(database, "failed", added.output);
  });
}

/** Removes this root, and no other. */
export function removeFromBrowsers(root: TrustedRoot, machine: Machine): TrustResult[] {
  return eachDatabase(machine, (database, certutil) => {
    if (!isInstalled(database, certutil, root, machine)) return result(database, "unchanged");
    const words = [certutil, "-D", "-d", `sql:${database.path}`, "-n", root.commonName];
    const removed = run(words, machine);
    return removed.isDone ? result(database, "removed") : result(database, "failed", removed.output);
  });
}

function eachDatabase(machine: Machine, work: (database: Database, certutil: string) => TrustResult): TrustResult[] {
  const databases = databasesOf(machine);
  const certutil = findProgram(machine, "certutil");
  return databases.map((database) => {
    if (certutil === undefined) return withoutCertutil(database);
    try {
      return work(database, certutil);
    } catch (error) {
      return result(database, "failed", fileProblemOf(error));
    }
  });
}

function databasesOf(machine: Machine): Database[] {
  const chromium = CHROMIUM_STORES.map((path) => join(machine.home, path));
  const found = chromium.filter((path) => existsSync(join(path, "cert9.db")));
  // Chromium makes its own only once somebody adds a root.
  if (found.length === 0 && findProgram(machine, ...CHROMIUMS) !== undefined) found.push(chromium[0]!);
  const profiles = FIREFOX_FOLDERS.flatMap((folder) => profilesIn(join(machine.home, folder)));
  return [
    ...found.map((path) => ({ store: "Chromium" as const, path })),
    ...profiles.slice(0, MAX_PROFILES).map((path) => ({ store: "Firefox" as const, path })),
  ];
}

function profilesIn(folder: string): string[] {
  try {
    const folders = readdirSync(folder).map((name) => join(folder, name));
    return folders.filter((path) => existsSync(join(path, "cert9.db"))).sort();
  } catch {
    return [];
  }
}

function makeDatabase(path: string, certutil: string, { owner }: Machine): Ran | undefined {
  if (existsSync(join(path, "cert9.db"))) return undefined;
  if (owner === undefined) mkdirSync(path, { recursive: true, mode: 0o700 });
  else {
    const made = run(["mkdir", "-p", "-m", "700", path], { owner });
    if (!made.isDone) return made;
  }
  return run([certutil, "-N", "-d", `sql:${path}`, "--empty-password"], { owner });
}

function isInstalled({ path }: Database, certutil: string, root: TrustedRoot, { owner }: Machine): boolean {
  const { isDone, stdout } = run([certutil, "-L", "-d", `sql:${path}`, "-n", root.commonName, "-a"], { owner });
  const body = (text: string) => text.replace(/-----[A-Z ]+-----|\s/g, "");
  return isDone && body(stdout) === body(root.root);
}

/** Calls `work` with a file that holds a text, readable for everybody: the root is no secret. */
function withFile<Result>(text: string, work: (file: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "tenk-trust-"));
  try {
    const file = join(folder, "root.crt");
    writeFileSync(file, text);
    chmodSync(folder, 0o755);
    return work(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function result({ store, path }: Database, state: TrustResult["state"], problem?: string): TrustResult {
  return { store, state, path, ...(problem === undefined ? {} : { problem }) };
}

function withoutCertutil({ store, path }: Database): TrustResult {
  const byHand =
    store === "Firefox"
      ? "or in Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import (tenk trust --print > tenk.pem)"
      : "or in Chromium: chrome://certificate-manager, Custom, Installed by you, Import (tenk trust --print > tenk.pem)";
  const packages = "install certutil (Debian, Ubuntu: libnss3-tools; Fedora, Arch: nss-tools, nss), then: tenk trust";
  return { store, state: "to-do", path, problem: "certutil is missing", instructions: [packages, byHand] };
}
