import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { type CaddyfileSources, importCaddyfile } from "../app/mod.ts";
import { escapeBytes, fileProblemOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { stderr } from "./terminal.ts";

/** A longer file was named by mistake. */
const MAX_BYTES = 2 ** 20;
/** Of one `import sites/*`. */
const MAX_FILES = 100;

interface CaddyOptions {
  strict?: boolean;
  json?: boolean;
}

export function importCommand(exit: (code: number) => void): Command {
  const command = new Command("import").description("Write services: from the configuration of another program.");
  command
    .command("caddy")
    .description(
      "Print a Caddyfile as services: of tenk.yaml. What cannot be carried over is listed on standard error.",
    )
    .argument("[Caddyfile]", "the file", "Caddyfile")
    .option("--strict", "exit code 1 where anything could not be carried over")
    .option("--json", "print services and problems as JSON")
    .addHelpText(
      "after",
      examples("tenk import caddy /etc/caddy/Caddyfile > tenk.yaml", "tenk import caddy --strict Caddyfile"),
    )
    .action((file: string, options: CaddyOptions) => exit(importCaddy(file, options)));
  return command;
}

function importCaddy(file: string, { strict, json }: CaddyOptions): number {
  const { services, yaml, problems } = importCaddyfile(readText(file), file, { env: process.env, filesOf });
  if (json) print(JSON.stringify({ services, problems }, null, 2));
  else {
    print(yaml.trimEnd());
    for (const { file, line, text } of problems) stderr.line(printable(`${file}:${line}: ${text}`));
  }
  return strict && problems.length > 0 ? EXIT.failed : EXIT.pass;
}

/** Nothing that a terminal obeys. */
function printable(text: string): string {
  return escapeBytes(Buffer.from(text), { utf8: true });
}

function readText(file: string): string {
  try {
    if (statSync(file).size > MAX_BYTES) throw new TenkError("usage", `Cannot import ${file}: expected at most 1 MiB`);
    return readFileSync(file, "utf8");
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
      return [{ file, text: readText(file) }];
    } catch {
      return [];
    }
  });
};
