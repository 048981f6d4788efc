import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { type CaddyfileSources, importCaddyfile } from "../app/mod.ts";
import { escapeBytes, fileProblemOf, formatBytes, TenkError } from "../base/mod.ts";
import { type ImportedDns, importAdguard, importPihole } from "../dns/import/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { stderr } from "./terminal.ts";

/** Of a Caddyfile. A longer file was named by mistake. */
const MAX_BYTES = 2 ** 20;
/** Of AdGuardHome.yaml, which has all of the user's rules, and of an archive. */
const MAX_DNS_BYTES = 16 * MAX_BYTES;
/** Of one `import sites/*`. */
const MAX_FILES = 100;

interface ImportOptions {
  strict?: boolean;
  json?: boolean;
}

/** What a command prints: a section of the configuration, and what is not in it. */
interface Imported {
  readonly section: Readonly<Record<string, unknown>>;
  readonly yaml: string;
  readonly problems: readonly object[];
  /** The problems, as lines of standard error. */
  readonly lines: readonly string[];
}

export function importCommand(exit: (code: number) => void): Command {
  const command = new Command("import").description(
    "Write services: or dns: from the configuration of another program.",
  );
  const add = (
    words: string,
    description: string,
    byDefault: string | undefined,
    more: string[],
    read: (file: string) => Imported,
  ) =>
    command
      .command(words)
      .description(`${description} What cannot be carried over is listed on standard error.`)
      .argument(byDefault === undefined ? "<file>" : `[${byDefault}]`, "the file", byDefault)
      .option("--strict", "exit code 1 where anything could not be carried over")
      .option("--json", "print the section and the problems as JSON")
      .addHelpText("after", examples(...more))
      .action((file: string, options: ImportOptions) => exit(printImported(read(file), options)));
  add(
    "caddy",
    "Print a Caddyfile as services: of tenk.yaml.",
    "Caddyfile",
    ["tenk import caddy /etc/caddy/Caddyfile > tenk.yaml", "tenk import caddy --strict Caddyfile"],
    importCaddy,
  );
  add(
    "pihole",
    "Print an archive of Pi-hole's Teleporter (.zip or .tar.gz) as dns: of tenk.yaml.",
    undefined,
    ["tenk import pihole pi-hole_box_teleporter.zip >> tenk.yaml"],
    (file) => ofDns(importPihole(readBytes(file, MAX_DNS_BYTES))),
  );
  add(
    "adguard",
    "Print AdGuard Home's configuration as dns: of tenk.yaml.",
    "AdGuardHome.yaml",
    ["tenk import adguard /opt/AdGuardHome/AdGuardHome.yaml >> tenk.yaml"],
    (file) => ofDns(importAdguard(readBytes(file, MAX_DNS_BYTES).toString("utf8"), file)),
  );
  return command;
}

function printImported({ section, yaml, problems, lines }: Imported, { strict, json }: ImportOptions): number {
  if (json) print(JSON.stringify({ ...section, problems }, null, 2));
  else {
    print(yaml.trimEnd());
    for (const line of lines) stderr.line(printable(line));
  }
  return strict && problems.length > 0 ? EXIT.failed : EXIT.pass;
}

function importCaddy(file: string): Imported {
  const text = readBytes(file, MAX_BYTES).toString("utf8");
  const { services, yaml, problems } = importCaddyfile(text, file, { env: process.env, filesOf });
  const lines = problems.map((problem) => `${problem.file}:${problem.line}: ${problem.text}`);
  return { section: { services }, yaml, problems, lines };
}

function ofDns({ dns, yaml, problems }: ImportedDns): Imported {
  return { section: { dns }, yaml, problems, lines: problems.map(({ where, text }) => `${where}: ${text}`) };
}

/** Nothing that a terminal obeys. */
function printable(text: string): string {
  return escapeBytes(Buffer.from(text), { utf8: true });
}

function readBytes(file: string, maxBytes: number): Buffer {
  try {
    if (statSync(file).size > maxBytes)
      throw new TenkError("usage", `Cannot import ${file}: expected at most ${formatBytes(maxBytes)}`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof TenkError) throw error;
    throw new TenkError("file-unreadable", `Cannot read ${file}: ${fileProblemOf(error)}`, { cause: error });
  }
}

/** Returns the files that an `import` names, in the order of their names; those that cannot be read are left out. */
const filesOf: CaddyfileSources["filesOf"] = (pattern, from) => {
  const path = resolve(dirname(from), pattern);
  const found = /[*?[]/.test(pattern) ? globSync(path).toSorted() : [path];
  return found.slice(0, MAX_FILES).flatMap((file) => {
    try {
      return [{ file, text: readBytes(file, MAX_BYTES).toString("utf8") }];
    } catch {
      return [];
    }
  });
};
