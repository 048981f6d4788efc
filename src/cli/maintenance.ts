import { Command } from "commander";
import { formatDuration, parseDuration, TenkError } from "../base/mod.ts";
import type { MaintenanceWindow } from "../part/mod.ts";
import { EXIT } from "./failure.ts";
import { askInstance, instanceOption, tellInstance } from "./instance-request.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { table } from "./table.ts";

interface Options {
  url: URL;
  reason?: string;
  json?: boolean;
}

const EXPECTED = "expected services and a duration: tenk maintenance git 2h";

export function maintenanceCommand(exit: (code: number) => void): Command {
  return new Command("maintenance")
    .description(
      "Services that are worked on: they are probed, and nobody is alerted. Without words: what is under maintenance.",
    )
    .argument("[words...]", "services (or all) and how long; or end and services")
    .addOption(instanceOption())
    .option("--reason <text>", "why, for those who look")
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      examples(
        "tenk maintenance",
        'tenk maintenance git nas 2h --reason "new disk"',
        "tenk maintenance all 30m",
        "tenk maintenance end git",
      ),
    )
    .action(async (words: string[], options: Options, command: Command) => {
      const isNamed = command.getOptionValueSource("url") !== "default";
      const windows = await windowsAfter(words, options, isNamed);
      print(options.json ? JSON.stringify(windows, null, 2) : windowsText(windows, Date.now()));
      exit(EXIT.pass);
    });
}

/** Does what the words say. @returns what is under maintenance then */
function windowsAfter(
  words: readonly string[],
  { url, reason }: Options,
  isNamed: boolean,
): Promise<readonly MaintenanceWindow[]> {
  const path = "api/alerts/maintenance";
  if (words.length === 0) return askInstance(url, path, { what: "what is under maintenance" });
  return tellInstance({ url, isNamed }, path, { what: "maintenance", body: bodyOf(words, reason) });
}

/** @throws {TenkError} `usage` */
export function bodyOf(words: readonly string[], reason: string | undefined): Readonly<Record<string, unknown>> {
  const [first, ...rest] = words;
  if (first === "end") {
    if (rest.length === 0) throw new TenkError("usage", "expected services, or all: tenk maintenance end git");
    return { end: rest };
  }
  const services = words.slice(0, -1);
  const forText = words.at(-1) ?? "";
  if (services.length === 0) throw new TenkError("usage", EXPECTED);
  try {
    parseDuration(forText);
  } catch (cause) {
    throw new TenkError("usage", `Cannot read "${forText}" as a duration: ${EXPECTED}`, { cause });
  }
  return { services, for: forText, ...(reason !== undefined && { reason }) };
}

/**
 * ```text
 * maintenance  ends in  why
 * git, nas          2h  new disk
 * ```
 */
export function windowsText(windows: readonly MaintenanceWindow[], nowMs: number): string {
  if (windows.length === 0) return "nothing is under maintenance";
  const rows = windows.map(({ services, untilMs, reason, isScheduled }) => [
    services.join(", "),
    formatDuration(Math.max(0, Math.ceil((untilMs - nowMs) / 1000) * 1000)),
    [reason, isScheduled ? "(by schedule)" : undefined].filter((part) => part !== undefined).join(" "),
  ]);
  return table([["maintenance", "ends in", "why"], ...rows], "lrl");
}
