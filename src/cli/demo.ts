import { Command } from "commander";
import { parseCount, parseDuration, parseRate } from "../base/mod.ts";
import { planTcp, type TcpPlan, tcp } from "../load/mod.ts";
import { type ChildInstance, startInstance } from "./child-instance.ts";
import { mustFit } from "./load-preflight.ts";
import { runShown, showReport } from "./load-run.ts";
import { startLogging } from "./logging.ts";
import { examples, valueOption } from "./options.ts";
import { jsonTarget } from "./output.ts";
import { addPushOptions, type PushWords, pushPlan } from "./push.ts";
import { aborted, stopper } from "./stopper.ts";
import { paintsFor, stderr } from "./terminal.ts";

interface DemoOptions extends PushWords {
  readonly connections: number;
  readonly messageRate: number;
  readonly duration: number;
  readonly connectRate: number;
  readonly full?: boolean;
  readonly json?: string;
  readonly keep?: boolean;
  readonly live: boolean;
}

/** The duration with `--full`. */
const FULL_MS = 240_000;

export function demoCommand(exit: (code: number) => void): Command {
  const command = new Command("demo")
    .description(
      "Ten thousand connections, held and proved: a server and a load generator in two processes, live, with a verdict.",
    )
    .addOption(valueOption("-c, --connections <n>", "connections to hold", parseCount).default(10_000, "10k"))
    .addOption(valueOption("-r, --message-rate <n>", "messages a second on each", parseRate).default(10))
    .addOption(
      valueOption("-T, --duration <time>", "how long, from the last connect on", parseDuration).default(30_000, "30s"),
    )
    .addOption(valueOption("--connect-rate <n>", "connections opened a second", parseRate).default(1000))
    .option("--full", "run for four minutes");
  return addPushOptions(command)
    .option("--json <file>", "write the report as JSON; - is standard output")
    .option("--keep", "leave tenk up after the report, until Ctrl-C")
    .option("--no-live", "no live view")
    .addHelpText("after", examples("tenk demo", "tenk demo --full", "tenk demo -c 1000 -r 10 -T 5s --json -"))
    .action(async (options: DemoOptions) => exit(await runDemo(options)));
}

async function runDemo(options: DemoOptions): Promise<number> {
  await startLogging("info");
  const push = pushPlan(options);
  const json = options.json === undefined ? undefined : jsonTarget(options.json);
  // Checked before anything is opened; the port does not matter for it.
  mustFit(demoPlan(options, "127.0.0.1", 9091, false));
  await using instance = await startInstance(
    ["--listen", "127.0.0.1:9091", "--auto-port", "--log-level", "warn"],
    stderr,
  );
  const listener = instance.ready.listeners[0]!;
  const { bold, dim } = paintsFor(process.stderr);
  stderr.line(`${bold(`tcp://${listener.host}:${listener.port}`)}  ${listener.handler}, process ${instance.ready.pid}`);
  stderr.line(`${bold(instance.ready.statusUrl)}  ${dim("/healthz /metrics /api/status")}\n`);
  const plan = demoPlan(options, listener.host, listener.port, new URL("/api/status", instance.ready.statusUrl).href);
  const title = `tenk demo ${plan.target}`;
  const report = await runShown(tcp, plan, {
    title,
    live: options.live,
    push,
    keepAt: [{ url: new URL(instance.ready.statusUrl), isNamed: false }],
  });
  const code = showReport(report, json);
  if (options.keep) await keep(instance);
  return code;
}

function demoPlan(options: DemoOptions, host: string, port: number, statsUrl: string | false): TcpPlan {
  return planTcp({
    host,
    port,
    connections: options.connections,
    connectRate: options.connectRate,
    // tcpkali's default of a second is for a network; here only the machine, busy with both sides, can be slow.
    connectTimeoutMs: 5000,
    ratePerConnection: options.messageRate,
    durationMs: options.full ? FULL_MS : options.duration,
    messages: [{ kind: "text", text: "ping", first: false, unescape: false }],
    statsUrl,
  });
}

async function keep(instance: ChildInstance): Promise<void> {
  using stop = stopper();
  stderr.line(`\ntenk stays up at ${instance.ready.statusUrl} until Ctrl-C`);
  await Promise.race([aborted(stop.signal), instance.ended]);
}
