import { Command } from "commander";
import { parseCount, parseDuration, parseRate } from "../base/mod.ts";
import { planTcp, type TcpPlan, tcp } from "../load/mod.ts";
import type { InstanceReady } from "./child-instance.ts";
import { demoDnsCommand } from "./demo-dns.ts";
import { demoHttpCommand } from "./demo-http.ts";
import { addDemoOptions, type DemoWords, FULL_MS, runDemo } from "./demo-run.ts";
import { examples, valueOption } from "./options.ts";

interface TcpWords extends DemoWords {
  readonly connections: number;
  readonly messageRate: number;
  readonly duration: number;
  readonly connectRate: number;
  readonly full?: boolean;
}

export function demoCommand(exit: (code: number) => void): Command {
  const usual = tcpDemoCommand(exit);
  return new Command("demo")
    .description("A server and a load generator in two processes, live, with a verdict.")
    .usage("[tcp|http|dns] [options]")
    .addCommand(usual, { isDefault: true })
    .addCommand(demoHttpCommand(exit))
    .addCommand(demoDnsCommand(exit))
    .addHelpText("after", () => `\nWithout a word it is:\n\n${usual.helpInformation()}${EXAMPLES}`);
}

const EXAMPLES = examples(
  "tenk demo",
  "tenk demo --full",
  "tenk demo -c 1000 -r 10 -T 5s --json -",
  "tenk demo http",
  "tenk demo dns",
);

function tcpDemoCommand(exit: (code: number) => void): Command {
  const command = new Command("tcp")
    .description("Ten thousand connections, held and proved.")
    .addOption(valueOption("-c, --connections <n>", "connections to hold", parseCount).default(10_000, "10k"))
    .addOption(valueOption("-r, --message-rate <n>", "messages a second on each", parseRate).default(10))
    .addOption(
      valueOption("-T, --duration <time>", "how long, from the last connect on", parseDuration).default(30_000, "30s"),
    )
    .addOption(valueOption("--connect-rate <n>", "connections opened a second", parseRate).default(1000))
    .option("--full", "run for four minutes");
  return addDemoOptions(command).action(async (words: TcpWords) => exit(await runTcpDemo(words)));
}

function runTcpDemo(words: TcpWords): Promise<number> {
  return runDemo(
    {
      title: "tenk demo",
      protocol: tcp,
      instanceArgs: ["--listen", "127.0.0.1:9091"],
      where({ listeners }) {
        const { host, port, handler } = listeners[0]!;
        return [`tcp://${host}:${port}`, handler ?? ""];
      },
      plan: (instance) => tcpPlan(words, instance),
    },
    words,
  );
}

function tcpPlan(words: TcpWords, instance: InstanceReady | undefined): TcpPlan {
  // Checked before anything is opened; the port does not matter for it.
  const { host, port } = instance?.listeners[0] ?? { host: "127.0.0.1", port: 9091 };
  return planTcp({
    host,
    port,
    connections: words.connections,
    connectRate: words.connectRate,
    // tcpkali's default of a second is for a network; here only the machine, busy with both sides, can be slow.
    connectTimeoutMs: 5000,
    ratePerConnection: words.messageRate,
    durationMs: words.full ? FULL_MS : words.duration,
    messages: [{ kind: "text", text: "ping", first: false, unescape: false }],
    statsUrl: instance === undefined ? false : new URL("/api/status", instance.statusUrl).href,
  });
}
