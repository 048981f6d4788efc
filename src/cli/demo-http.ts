import { Command } from "commander";
import { parseCount, parseRate } from "../base/mod.ts";
import { eventLoops } from "../limits/mod.ts";
import { type HttpPlan, http, planHttp } from "../load/mod.ts";
import type { InstanceReady } from "./child-instance.ts";
import { addDemoOptions, type DemoWords, FULL_MS, runDemo } from "./demo-run.ts";
import { perConnection } from "./load-http-options.ts";
import { positive, seconds } from "./load-values.ts";
import { examples, parseWorkers, valueOption } from "./options.ts";

interface HttpWords extends DemoWords {
  readonly connections: number;
  readonly threads?: number | "auto";
  readonly duration: number;
  readonly rate?: number;
  readonly http2?: boolean;
  readonly p?: number;
  readonly full?: boolean;
}

export function demoHttpCommand(exit: (code: number) => void): Command {
  const command = new Command("http")
    .description("wrk's HTTPS test, of tenk's own site.")
    .addOption(valueOption("-c, --connections <n>", "connections to hold", positive(parseCount)).default(64))
    .addOption(
      valueOption(
        "-t, --threads <n>",
        "event loops that send: a number or auto (default: half of the cores)",
        parseWorkers,
      ),
    )
    .addOption(
      valueOption("-d, --duration <time>", "how long, from the last connect on", positive(seconds)).default(
        20_000,
        "20s",
      ),
    )
    .addOption(valueOption("-T <time>", "the same, as tenk demo has it", positive(seconds)).hideHelp())
    .on("option:T", (time: string) => command.setOptionValue("duration", seconds(time)))
    .addOption(valueOption("-R, --rate <n>", "requests a second in all, planned: the open model", positive(parseRate)))
    .option("--http2", "HTTP/2 instead of HTTP/1.1")
    .addOption(
      valueOption("-p <n>", "with --http2: streams of a connection at a time (default: 1)", positive(parseCount)),
    )
    .option("--full", "run for four minutes");
  return addDemoOptions(command)
    .addHelpText(
      "after",
      examples("tenk demo http", "tenk demo http --http2 -p 8", "tenk demo http -c 16 -R 2000 -d 5s --json -"),
    )
    .action(async (words: HttpWords) => exit(await runHttpDemo(words)));
}

function runHttpDemo(words: HttpWords): Promise<number> {
  return runDemo(
    {
      title: "tenk demo http",
      protocol: http,
      instanceArgs: ["--https", "127.0.0.1:8443"],
      where: (instance) => [urlOf(instance), "own site, certificate of the local CA"],
      plan: (instance) => httpPlan(words, instance),
    },
    words,
  );
}

/** The local CA signs names: BoringSSL accepts no certificate of it for an address. */
function urlOf(instance: InstanceReady | undefined): string {
  const { port } = instance?.listeners[0] ?? { port: 8443 };
  return `https://localhost:${port}/`;
}

function httpPlan(words: HttpWords, instance: InstanceReady | undefined): HttpPlan {
  const { connections, threads = Math.ceil(eventLoops() / 2), rate, http2 = false } = words;
  const pipeline = perConnection(words);
  const workers = threads === "auto" ? eventLoops() : threads;
  const plan = planHttp({
    url: urlOf(instance),
    connections,
    workers: Math.min(workers, connections),
    durationMs: words.full ? FULL_MS : words.duration,
    http2,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(rate === undefined ? {} : { totalRate: rate }),
    statsUrl: instance === undefined ? false : new URL("/api/status", instance.statusUrl).href,
    ...(instance?.localRoot === undefined ? {} : { ca: instance.localRoot }),
  });
  // It listens on IPv4 alone, and the machine may know `localhost` by another address too.
  return { ...plan, host: "127.0.0.1" };
}
