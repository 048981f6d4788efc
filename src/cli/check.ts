import { Command } from "commander";
import { checkDashboard, checkParts, effectiveSettings, type LoadedConfig, loadConfig } from "../app/mod.ts";
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
    .addHelpText("after", examples("tenk check", "tenk check --config tenk.yaml --json"))
    .action((options: { config?: string; json?: boolean }) => exit(runCheck(options)));
}

function runCheck({ config, json }: { config?: string; json?: boolean }): number {
  const loaded = loadConfig(config ?? defaultFile());
  checkParts(loaded);
  checkDashboard(loaded);
  const settings = effectiveSettings(loaded);
  if (json) {
    print(
      JSON.stringify({ file: loaded.file ?? null, services: loaded.services.map(publicService), settings }, null, 2),
    );
    return EXIT.pass;
  }
  const { dim } = paintsFor(process.stdout);
  const keyWidth = Math.max(...settings.map(({ key }) => key.length));
  // One long value, such as a template, must not push all others' marks off the screen.
  const valueWidth = Math.min(MAX_VALUE_WIDTH, Math.max(...settings.map(({ value }) => value.length)));
  const verdict = loaded.isEmpty ? "is valid but empty: all settings are defaults" : "is valid";
  print(loaded.file === undefined ? "no configuration file: all settings are defaults" : `${loaded.file} ${verdict}`);
  for (const { key, value, defaulted } of settings) {
    print(`  ${key.padEnd(keyWidth)}  ${defaulted ? `${value.padEnd(valueWidth)}  ${dim("default")}` : value}`);
  }
  printServices(loaded);
  return EXIT.pass;
}

/** Prints the services with their default hosts and kinds. */
function printServices({ services }: LoadedConfig): void {
  if (services.length === 0) return;
  const rows = services
    .map(publicService)
    .map(({ name, kind, target, hosts }) => [name, kind, target ?? "(tenk)", hosts.join(", ")]);
  print(`\n${table([["service", "kind", "target", "hosts"], ...rows], "llll")}`);
}
