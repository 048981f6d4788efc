import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { formatAddress, type LoadedConfig, loadConfig, parseAddress, parseConfig, up } from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { type LogLevel, startLogging } from "./logging.ts";
import { examples, oneOf, parseWorkers, valueOption } from "./options.ts";
import { print } from "./output.ts";
import { aborted, stopper } from "./stopper.ts";

/** What is read where neither `--config` nor an option says otherwise. */
export const DEFAULT_FILE = "tenk.yaml";

interface UpOptions {
  config?: string;
  listen?: string;
  handler?: "sink" | "echo";
  workers?: number | "auto";
  dashboard?: string;
  orFree?: boolean;
  json?: boolean;
  logLevel?: LogLevel;
  withParent?: boolean;
}

export function upCommand(exit: (code: number) => void): Command {
  return new Command("up")
    .description("Bring the box up: its listeners, and health, metrics and status on 127.0.0.1:9190.")
    .option("--config <file>", `configuration (default: ${DEFAULT_FILE} where it exists, else the sink on 9091)`)
    .addOption(valueOption("--listen <address>", "instead of a configuration: one listener here", addressOn("0.0.0.0")))
    .addOption(valueOption("--handler <name>", "its handler: sink or echo", oneOf("sink", "echo")))
    .addOption(valueOption("--workers <n>", "its event loops: a number or auto", parseWorkers))
    .addOption(valueOption("--dashboard <address>", "where health, metrics and status are", addressOn("127.0.0.1")))
    .option("--or-free", "take a free port where the listener's own is in use")
    .option("--json", "print where it listens as one line of JSON once it is up")
    .addOption(
      valueOption("--log-level <level>", "debug, info, warn or error", oneOf("debug", "info", "warn", "error")),
    )
    .addOption(new Option("--with-parent", "for tenk demo: end when standard input ends, not at Ctrl-C").hideHelp())
    .addHelpText(
      "after",
      examples("tenk up", "tenk up --config tenk.yaml", "tenk up --listen 7000 --handler echo --workers auto"),
    )
    .action(async (options: UpOptions) => exit(await runUp(options)));
}

async function runUp(options: UpOptions): Promise<number> {
  const loaded = chosenConfig(options);
  await startLogging(options.logLevel ?? loaded.config.log.level);
  using stop = stopper("stopping", options.withParent ? ["SIGTERM"] : ["SIGINT", "SIGTERM"]);
  const box = await up(loaded, { orFree: options.orFree ?? false });
  if (options.withParent) process.stdin.on("end", stop.request).resume();
  if (options.json) {
    const listeners = box.listeners.map(({ counts: _, ...listener }) => listener);
    print(JSON.stringify({ pid: process.pid, statusUrl: box.statusUrl, listeners }));
  }
  await aborted(stop.signal);
  await box.stop();
  return EXIT.pass;
}

/** The file that was named, or the one listener that was described, or the usual file, or nothing but defaults. */
function chosenConfig({ config, listen, handler, workers, dashboard }: UpOptions): LoadedConfig {
  const isDescribed = [listen, handler, workers, dashboard].some((option) => option !== undefined);
  if (!isDescribed) return loadConfig(config ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined));
  if (config !== undefined) {
    throw new TenkError("usage", "--config cannot be used with --listen, --handler, --workers or --dashboard", {
      hint: "write them into the file",
    });
  }
  const described = {
    tcp: { packets: { listen: listen ?? "9091", handler: handler ?? "sink", workers: workers ?? 1 } },
    ...(dashboard === undefined ? {} : { dashboard: { listen: dashboard } }),
  };
  return parseConfig(JSON.stringify(described), "command line");
}

/** Checked here so that the option is named; the configuration reads it again. */
function addressOn(defaultHost: string): (text: string) => string {
  return (text) => formatAddress(parseAddress(text, defaultHost));
}
