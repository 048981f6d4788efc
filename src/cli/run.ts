import { resolve } from "node:path";
import { Command } from "commander";
import { type LoadedConfig, parseConfig } from "../app/mod.ts";
import { nearest, TenkError } from "../base/mod.ts";
import { runProgram } from "../net/mod.ts";
import { EXIT } from "./failure.ts";
import { initFolder } from "./init.ts";
import type { LogFormat } from "./log-format.ts";
import type { LogLevel } from "./logging.ts";
import { examples, listOption, parseWorkers, valueOption } from "./options.ts";
import { addPushOptions, type PushWords, pushPlan } from "./push.ts";
import { serve } from "./serve.ts";
import {
  addDumpOptions,
  addressOn,
  type DumpOptions,
  dumpSettings,
  logFormatOption,
  logLevelOption,
  requireDump,
} from "./up.ts";

interface RunOptions extends DumpOptions, PushWords {
  listen?: string;
  workers?: number | "auto";
  tls?: string;
  tlsKey?: string;
  limit?: [name: string, value: string][];
  options?: unknown;
  dashboard?: string;
  watch: boolean;
  init?: boolean;
  program?: boolean;
  json?: boolean;
  logLevel?: LogLevel;
  logFormat?: LogFormat;
}

const LIMITS = [
  ...["connections", "perAddress", "acceptsPerSecond", "idle", "firstByte", "lifetime", "stall"],
  ...["readPerSecond", "writePerSecond", "totalReadPerSecond", "totalWritePerSecond"],
] as const;

export function runCommand(exit: (code: number) => void): Command {
  const command = new Command("run")
    .description("Serve your own handler: a file whose default export is one. It is loaded again when you save it.")
    .argument("<file>", "TypeScript or JavaScript; what it imports from its own folder counts as part of it")
    .argument("[args...]", "of a program")
    .addOption(
      valueOption(
        "--listen <address>",
        "here (default: 9091, or a free port where that is in use)",
        addressOn("0.0.0.0"),
      ),
    )
    .addOption(valueOption("--workers <n>", "event loops: a number or auto", parseWorkers))
    .option("--tls <file>", "serve TLS with this certificate")
    .option("--tls-key <file>", "and this key");
  return addPushOptions(addDumpOptions(command))
    .addOption(
      listOption("--limit <name=value>", "such as connections=20k or idle=10m; may be given again", parseLimit),
    )
    .addOption(valueOption("--options <json>", "for a file that exports a function", parseJson))
    .addOption(valueOption("--dashboard <address>", "where health, metrics and status are", addressOn("127.0.0.1")))
    .option("--no-watch", "do not load it again when it is saved")
    .option("--program", 'FILE listens by itself: run it as it is, where "tenk" is this tenk, with ARGS as its own')
    .option("--init", "write FILE as a start, and what an editor needs to check it; nothing is overwritten")
    .option("--json", "print where it listens as one line of JSON once it is up")
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addHelpText(
      "after",
      examples(
        "tenk run --init chat.ts",
        "tenk run chat.ts",
        "tenk run chat.ts --listen 7000 --workers auto --limit connections=20k",
        "tenk run chat.ts --tls cert.pem --tls-key key.pem --dump text",
        "tenk run chat.ts --push http://127.0.0.1:9090",
        "tenk run --program server.ts",
      ),
    )
    .action(async (file: string, args: string[], options: RunOptions) => {
      if (options.program) return exit(await asProgram(file, args, options));
      if (args.length > 0) throw new TenkError("usage", `Cannot use "${args[0]}": expected one file`);
      if (options.init) return exit(initFolder(file));
      const { json, logLevel, logFormat, watch, listen } = options;
      // Only the default port may be replaced by a free one.
      exit(
        await serve(() => configFor(file, options), {
          json,
          logLevel,
          logFormat,
          watch,
          push: pushPlan(options),
          autoPort: listen === undefined,
          logDefaults: false,
        }),
      );
    });
}

/** Runs a program, which handles signals itself. @returns its exit code */
async function asProgram(file: string, args: readonly string[], options: RunOptions): Promise<number> {
  const other = Object.keys(options).find((name) => name !== "program" && name !== "watch");
  if (other !== undefined || !options.watch) {
    throw new TenkError("usage", "--program runs a file as it is: no other option goes with it", {
      hint: "its own arguments follow --, as in tenk run --program server.ts -- --port 7000",
    });
  }
  const path = resolve(file);
  process.argv.splice(1, process.argv.length, path, ...args);
  await runProgram(path);
  return Number(process.exitCode ?? EXIT.pass);
}

/** Returns a configuration with one listener for the file. */
function configFor(file: string, options: RunOptions): LoadedConfig {
  const { listen = "9091", workers = 1, tls, tlsKey, limit = [], dashboard } = options;
  requireDump(options);
  if ((tls === undefined) !== (tlsKey === undefined)) {
    throw new TenkError("usage", "--tls and --tls-key need each other: a certificate and its key");
  }
  const listener = {
    listen,
    handler: resolve(file),
    workers,
    ...(tls === undefined ? {} : { tls: { cert: tls, key: tlsKey } }),
    ...(limit.length === 0 ? {} : { limits: Object.fromEntries(limit) }),
    ...(options.options === undefined ? {} : { options: options.options }),
    ...dumpSettings(options),
  };
  const described = {
    tcp: { run: listener },
    containers: "off",
    ...(dashboard === undefined ? {} : { dashboard: { listen: dashboard } }),
  };
  return withOptionNames(() => parseConfig(JSON.stringify(described), "command line"));
}

/** Reports errors of `--limit` by the option, not by line and key. @throws {TenkError} `config` */
function withOptionNames(read: () => LoadedConfig): LoadedConfig {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TenkError) || error.code !== "config") throw error;
    const message = error.message.replace(/^command line:1: tcp\.run\.limits\./gm, "--limit ");
    throw new TenkError("config", message, { cause: error });
  }
}

/** @throws {TenkError} `usage` */
function parseLimit(text: string): [name: string, value: string] {
  const [, name = text, value = ""] = /^([^=]*)=(.+)$/.exec(text) ?? [];
  if ((LIMITS as readonly string[]).includes(name) && value !== "") return [name, value];
  const near = nearest(name, LIMITS);
  const expected =
    near === undefined || near === name ? `expected one of ${LIMITS.join(", ")}` : `did you mean ${near}?`;
  throw new TenkError("usage", `Cannot use "${text}": ${value === "" ? "expected name=value" : expected}`);
}

/** @throws {TenkError} `usage` */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TenkError("usage", `Cannot read "${text}" as JSON`, { hint: `write --options '{"room":"hall"}'` });
  }
}
