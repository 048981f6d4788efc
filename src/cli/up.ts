import { lstatSync } from "node:fs";
import { Command, Option } from "commander";
import {
  formatAddress,
  type LoadedConfig,
  loadConfig,
  loadConfigAgain,
  parseAddress,
  parseConfig,
} from "../app/mod.ts";
import { fileProblemOf, TenkError } from "../base/mod.ts";
import { LOG_FORMATS, type LogFormat } from "./log-format.ts";
import type { LogLevel } from "./logging.ts";
import { examples, oneOf, parseWorkers, valueOption } from "./options.ts";
import { addPushOptions, type PushWords, pushPlan } from "./push.ts";
import { serve } from "./serve.ts";

/** The configuration without `--config`, when it exists. */
export const DEFAULT_FILE = "tenk.yaml";

interface UpOptions extends DumpOptions, PushWords {
  config?: string;
  listen?: string;
  handler?: string;
  workers?: number | "auto";
  dashboard?: string;
  https?: string;
  autoPort?: boolean;
  orFree?: boolean;
  json?: boolean;
  logLevel?: LogLevel;
  logFormat?: LogFormat;
  withParent?: boolean;
}

/** The options that `addDumpOptions` adds to a command. */
export interface DumpOptions {
  dump?: "text" | "hex";
  dumpFilter?: string;
}

export function upCommand(exit: (code: number) => void): Command {
  const command = new Command("up")
    .description("Start the listeners of the configuration, and the dashboard with health, metrics and status.")
    .option(
      "--config <file>",
      `configuration (default: ${DEFAULT_FILE} where it exists, else a sink on 9091 and HTTPS)`,
    )
    .addOption(valueOption("--listen <address>", "instead of a configuration: one listener here", addressOn("0.0.0.0")))
    .addOption(valueOption("--handler <name>", "its handler: sink, echo or a file such as ./chat.ts", parseHandler))
    .addOption(valueOption("--workers <n>", "its event loops: a number or auto", parseWorkers));
  return addPushOptions(addDumpOptions(command))
    .addOption(valueOption("--dashboard <address>", "where health, metrics and status are", addressOn("127.0.0.1")))
    .option("--auto-port", "take a free port when the listener's own is in use or not permitted")
    .addOption(new Option("--or-free", "the old word for --auto-port").hideHelp())
    .option("--json", "print where it listens as one line of JSON once it is up")
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(
      valueOption("--https <address>", "for tenk demo: HTTPS alone, here", addressOn("127.0.0.1"))
        .conflicts(["config", "listen", "handler", "workers"])
        .hideHelp(),
    )
    .addOption(new Option("--with-parent", "for tenk demo: end when standard input ends, not at a signal").hideHelp())
    .addHelpText(
      "after",
      examples(
        "tenk up",
        "tenk up --config tenk.yaml --dump text",
        "tenk up --listen 7000 --handler echo --workers auto",
      ),
    )
    .action(async (options: UpOptions) =>
      exit(
        await serve((before) => chosenConfig(options, before), {
          ...options,
          autoPort: options.autoPort ?? options.orFree,
          push: pushPlan(options),
        }),
      ),
    );
}

export function addDumpOptions(command: Command): Command {
  return command
    .addOption(
      valueOption("--dump <format>", "print what goes through, to standard error: text or hex", oneOf("text", "hex")),
    )
    .option("--dump-filter <address>", "of this client only: an address, or a range such as 10.0.0.0/8");
}

export function logLevelOption(): Option {
  return valueOption("--log-level <level>", "debug, info, warn or error", oneOf("debug", "info", "warn", "error"));
}

export function logFormatOption(): Option {
  return valueOption("--log-format <format>", "pretty, logfmt or json", oneOf(...LOG_FORMATS));
}

/**
 * Returns the default file when it exists. A broken link counts as existing, so that reading it reports the error.
 *
 * @throws {TenkError} `file-unreadable` in a folder that this user may not search, as after `sudo -u tenk` in one of root
 */
export function defaultFile(): string | undefined {
  try {
    return lstatSync(DEFAULT_FILE, { throwIfNoEntry: false }) === undefined ? undefined : DEFAULT_FILE;
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot look for ${DEFAULT_FILE} in this folder: ${fileProblemOf(error)}`, {
      hint: "name the configuration by --config, or change to a folder that you may read, such as /",
      cause: error,
    });
  }
}

/**
 * Returns the configuration of the command line: the named file, one listener by options, the default file, or defaults alone.
 *
 * @param before the current configuration, whose file is read again
 */
function chosenConfig(options: UpOptions, before: LoadedConfig | undefined): LoadedConfig {
  const { config, listen, handler, workers, dashboard, https } = options;
  requireDump(options);
  const isDescribed = [listen, handler, workers, dashboard, https].some((option) => option !== undefined);
  if (!isDescribed) {
    const loaded = before?.file === undefined ? loadConfig(config ?? defaultFile()) : loadConfigAgain(before.file);
    if (options.dump !== undefined && loaded.config.tcp === undefined && before === undefined) {
      throw new TenkError("usage", `--dump prints what TCP listeners carry, and ${loaded.file} has no tcp: section`);
    }
    return dumped(loaded, options);
  }
  if (config !== undefined) {
    throw new TenkError("usage", "--config cannot be used with --listen, --handler, --workers or --dashboard", {
      hint: "write them into the file",
    });
  }
  const packets = {
    listen: listen ?? "9091",
    handler: handler ?? "sink",
    workers: workers ?? 1,
    ...dumpSettings(options),
  };
  const described = {
    containers: "off",
    // A load test would fill the access log, and push the requests of people out of it.
    ...(https === undefined ? { tcp: { packets } } : { proxy: { https, http: "off", accessLog: "off" } }),
    ...(dashboard === undefined ? {} : { dashboard: { listen: dashboard } }),
  };
  // What a child of tenk demo runs is its parent's business.
  const environment = options.withParent ? {} : process.env;
  return parseConfig(JSON.stringify(described), "command line", process.cwd(), environment, true);
}

/** @throws {TenkError} `usage` */
export function requireDump({ dump, dumpFilter }: DumpOptions): void {
  if (dumpFilter === undefined || dump !== undefined) return;
  throw new TenkError("usage", "--dump-filter needs --dump text or --dump hex");
}

/** Translates the dump's options into settings of a listener. */
export function dumpSettings({ dump, dumpFilter }: DumpOptions): object {
  return { ...(dump && { dump }), ...(dumpFilter !== undefined && { dumpFilter: dumpFilter.split(",") }) };
}

/** Overrides the dump settings of all TCP listeners of a file. */
function dumped(loaded: LoadedConfig, { dump, dumpFilter }: DumpOptions): LoadedConfig {
  if (dump === undefined || loaded.config.tcp === undefined) return loaded;
  const filter = dumpFilter === undefined ? {} : { dumpFilter: dumpFilter.split(",") };
  const tcp = Object.entries(loaded.config.tcp).map(([name, each]) => [name, { ...each, dump, ...filter }] as const);
  return { ...loaded, config: { ...loaded.config, tcp: Object.fromEntries(tcp) } };
}

/** @throws {TenkError} `usage` */
function parseHandler(text: string): string {
  if (text === "sink" || text === "echo" || /[/.]/.test(text)) return text;
  throw new TenkError("usage", `Cannot use "${text}": expected sink, echo or a file such as ./chat.ts`);
}

/** Returns a parser that checks an address, so that an error names the option; the configuration parses it again. */
export function addressOn(defaultHost: string): (text: string) => string {
  return (text) => formatAddress(parseAddress(text, defaultHost));
}
