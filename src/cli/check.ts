import { Command } from "commander";
import {
  checkDashboard,
  checkParts,
  effectiveSettings,
  type LoadedConfig,
  loadConfig,
  migrateFile,
} from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import { publicService } from "../part/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { table } from "./table.ts";
import { paintsFor } from "./terminal.ts";
import { DEFAULT_FILE, defaultFile } from "./up.ts";

const MAX_VALUE_WIDTH = 60;

export function checkCommand(exit: (code: number) => void): Command {
  return new Command("check")
    .description("Check the configuration and print every setting in force, marking defaults.")
    .option("--config <file>", `configuration (default: ${DEFAULT_FILE} where it exists)`)
    .option("--json", "print as JSON")
    .option("--quiet", "print nothing unless something is wrong")
    .option("--migrate", "write a file of an older version as one of this version; comments stay")
    .addHelpText("after", examples("tenk check", "tenk check --config tenk.yaml --json", "tenk check --migrate"))
    .action((options: CheckOptions) => exit(runCheck(options)));
}

interface CheckOptions {
  config?: string;
  json?: boolean;
  migrate?: boolean;
  quiet?: boolean;
}

function runCheck({ config, json, migrate, quiet }: CheckOptions): number {
  const file = config ?? defaultFile();
  const loaded = loadConfig(file);
  checkParts(loaded);
  checkDashboard(loaded);
  const settings = effectiveSettings(loaded);
  if (migrate) {
    if (file === undefined) throw new TenkError("usage", `--migrate needs a file: there is no ${DEFAULT_FILE} here`);
    const changes = migrateFile(file);
    print(changes.length === 0 ? `${file} is of this version` : `${file} written: ${changes.join(", ")}`);
    return EXIT.pass;
  }
  if (quiet) return EXIT.pass;
  if (json) {
    const { file = null, overrides, unusedVariables, empty, migrated } = loaded;
    const environment = {
      overrides: overrides.map(({ variable, key }) => ({ variable, key })),
      unused: unusedVariables,
    };
    const services = loaded.services.map(publicService);
    print(JSON.stringify({ file, services, settings, environment, empty, migrated }, null, 2));
    return EXIT.pass;
  }
  const { dim } = paintsFor(process.stdout);
  const keyWidth = Math.max(...settings.map(({ key }) => key.length));
  // One long value, such as a template, must not push all others' marks off the screen.
  const valueWidth = Math.min(MAX_VALUE_WIDTH, Math.max(...settings.map(({ value }) => value.length)));
  const verdict = loaded.isEmpty ? "is valid but empty: all settings are defaults" : "is valid";
  print(loaded.file === undefined ? "no configuration file: all settings are defaults" : `${loaded.file} ${verdict}`);
  for (const { key, value, defaulted, variable } of settings) {
    const mark = variable ?? (defaulted ? "default" : undefined);
    print(`  ${key.padEnd(keyWidth)}  ${mark === undefined ? value : `${value.padEnd(valueWidth)}  ${dim(mark)}`}`);
  }
  printServices(loaded);
  printNotes(loaded);
  return EXIT.pass;
}

/** Prints what is not in the file, or has no effect: variables, settings without a value, and what an older version has. */
function printNotes({ file, overrides, unusedVariables, empty, migrated }: LoadedConfig): void {
  if (overrides.length > 0) {
    const rows = overrides.map(({ variable, key }) => [variable, key]);
    print(`\n${table([["environment variable", "overrides"], ...rows], "ll")}`);
  }
  if (unusedVariables.length > 0) {
    const rows = unusedVariables.map(({ variable, why }) => [variable, why]);
    print(`\n${table([["without effect", "reason"], ...rows], "ll")}`);
  }
  for (const { key, line } of empty) print(`${file}:${line}: ${key} is empty: its default is used`);
  if (migrated.length > 0)
    print(`${file} is of an older version, read as: ${migrated.join(", ")}; tenk check --migrate writes it`);
}

/** Prints the services with their default hosts and kinds. */
function printServices({ services }: LoadedConfig): void {
  if (services.length === 0) return;
  const rows = services
    .map(publicService)
    .map(({ name, kind, target, hosts }) => [name, kind, target ?? "(tenk)", hosts.join(", ")]);
  print(`\n${table([["service", "kind", "target", "hosts"], ...rows], "llll")}`);
}
