import { existsSync, statSync } from "node:fs";
import { Command } from "commander";
import { dataFolderOf, loadConfig, usualDataFolder } from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import {
  certificateFolders,
  IssueError,
  installInBrowsers,
  installInSystem,
  LocalCa,
  localDomainsOf,
  removeFromBrowsers,
  removeFromSystem,
  type TrustedRoot,
  type TrustResult,
  thisMachine,
} from "../certificates/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { table } from "./table.ts";
import { stderr } from "./terminal.ts";
import { givenRoot, requireFingerprint } from "./trust-source.ts";
import { DEFAULT_FILE, defaultFile } from "./up.ts";

interface TrustOptions {
  readonly config?: string;
  readonly from?: string;
  readonly fingerprint?: string;
  readonly uninstall?: boolean;
  readonly print?: boolean;
  readonly json?: boolean;
}

export function trustCommand(exit: (code: number) => void): Command {
  return new Command("trust")
    .description(
      "Have this machine trust the local CA, which signs for names such as git.home.arpa: install its root into the system's store and the browsers' own, or print how.",
    )
    .option("--uninstall", "remove the root again")
    .option("--print", "print the root as PEM and change nothing")
    .option("--from <place>", "a root of another box: a file, or http://box/ca/root.crt with --fingerprint")
    .option("--fingerprint <sha256>", "refuse a root that has another")
    .option("--config <file>", `configuration (default: ${DEFAULT_FILE} where it exists)`)
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      examples("tenk trust", "sudo tenk trust", "tenk trust --print > tenk.pem", "tenk trust --uninstall"),
    )
    .action(async (options: TrustOptions) => exit(await trust(options)));
}

async function trust(options: TrustOptions): Promise<number> {
  const { from, fingerprint, uninstall = false } = options;
  const root = from === undefined ? await ownRoot(options) : await givenRoot(from, fingerprint);
  if (options.print) {
    print(root.root);
    return EXIT.pass;
  }
  const machine = thisMachine(process.stdin.isTTY === true && process.stderr.isTTY === true);
  const results = uninstall
    ? [removeFromSystem(root, machine), ...removeFromBrowsers(root, machine)]
    : [installInSystem(root, machine), ...installInBrowsers(root, machine)];
  const { commonName, fingerprint: sha256 } = root;
  if (options.json) print(JSON.stringify({ root: { commonName, sha256 }, stores: results }, null, 2));
  else printResults(root, results, uninstall);
  return results.every(({ state }) => state !== "failed" && state !== "to-do") ? EXIT.pass : EXIT.failed;
}

/** Returns the root of the instance on this machine. It is made when there is none, so that an instance finds it later; not to be removed. */
async function ownRoot({ config, fingerprint, uninstall }: TrustOptions): Promise<TrustedRoot> {
  const loaded = loadConfig(config ?? defaultFile());
  const dataFolder = dataFolderOf(loaded, usualDataFolder());
  const { ca: folder } = certificateFolders(dataFolder);
  const isNew = !existsSync(folder);
  if (isNew && uninstall) {
    throw new TenkError("file-unreadable", `There is no local CA in ${folder}, whose root could be removed`, {
      hint: "--from root.crt names a root that was kept",
    });
  }
  const domains = localDomainsOf(loaded.config.domain, loaded.config.certificates.local);
  const ca = new LocalCa({ folder, domains });
  const root = await asOwnerOf(dataFolder, () => ca.certificates()).catch((error: unknown) => {
    if (!(error instanceof IssueError)) throw error;
    throw new TenkError("file-unreadable", error.message, error.fix === undefined ? {} : { hint: error.fix });
  });
  if (isNew && !existsSync(folder)) {
    throw new TenkError("file-unreadable", `Cannot keep the local CA: ${folder} cannot be written`);
  }
  const system = usualDataFolder({}, true);
  if (isNew && process.getuid?.() !== 0 && existsSync(system)) {
    stderr.line(
      `tenk: made a CA in ${folder}. An instance of root has another, in ${system}: for that, sudo tenk trust`,
    );
  }
  if (fingerprint !== undefined) requireFingerprint(root, fingerprint);
  return root;
}

/**
 * Does work as the user who owns a folder, where root asks for it: a service that runs as that user could not read what root makes there,
 * and root follows no link that the service made.
 */
async function asOwnerOf<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const owner = process.getuid?.() === 0 ? statSync(folder, { throwIfNoEntry: false }) : undefined;
  if (owner === undefined || owner.uid === 0) return work();
  process.setegid?.(owner.gid);
  process.seteuid?.(owner.uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

const DONE: Readonly<Record<TrustResult["state"], string>> = {
  installed: "installed",
  removed: "removed",
  unchanged: "",
  failed: "failed",
  "to-do": "not done",
};

function printResults(
  { commonName, fingerprint }: TrustedRoot,
  results: readonly TrustResult[],
  isRemoval: boolean,
): void {
  const rows = results.map(({ store, state, path, problem }) => {
    const done = state === "unchanged" ? (isRemoval ? "was not there" : "was installed") : DONE[state];
    return [store, done, problem ?? path ?? ""];
  });
  print(`${commonName}\nSHA-256 ${fingerprint}\n\n${table(rows, "lll")}`);
  for (const { store, instructions = [] } of results) {
    if (instructions.length > 0) print(`\n${store}:\n${instructions.map((line) => `  ${line}`).join("\n")}`);
  }
}
