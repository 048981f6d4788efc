import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { parseCount, parseRate } from "../base/mod.ts";
import { type DnsPlan, dns, planDns } from "../load/mod.ts";
import type { InstanceReady } from "./child-instance.ts";
import { addDemoOptions, type DemoWords, FULL_MS, runDemo } from "./demo-run.ts";
import { positive, seconds } from "./load-values.ts";
import { examples, valueOption } from "./options.ts";

interface DnsDemoWords extends DemoWords {
  readonly clients: number;
  readonly rate?: number;
  readonly outstanding: number;
  readonly duration: number;
  readonly full?: boolean;
}

/** Names of the house, and names that are blocked. */
const NAMES = 1000;
/** Of all queries, in percent: what a house asks beside the names that only an upstream knows. */
const SHARES = { local: 70, blocked: 30 };
/** Nobody listens there, and nobody need: no query of the demo goes to an upstream. */
const NO_UPSTREAM = "127.0.0.1:9";

export function demoDnsCommand(exit: (code: number) => void): Command {
  const command = new Command("dns")
    .description("dnsperf's test, of a name server with local names and a block list.")
    .addOption(
      valueOption("-c, --clients <n>", "sockets, each with a port of its own", positive(parseCount)).default(20),
    )
    .addOption(valueOption("-Q, --rate <n>", "queries a second in all, planned: the open model", positive(parseRate)))
    .addOption(
      valueOption("-q, --outstanding <n>", "queries that may await answers, in all", positive(parseCount)).default(200),
    )
    .addOption(valueOption("-l, --duration <time>", "how long", positive(seconds)).default(20_000, "20s"))
    .option("--full", "run for four minutes");
  return addDemoOptions(command)
    .addHelpText("after", examples("tenk demo dns", "tenk demo dns -Q 20k", "tenk demo dns -c 4 -l 5 --json -"))
    .action(async (words: DnsDemoWords) => exit(await runDnsDemo(words)));
}

async function runDnsDemo(words: DnsDemoWords): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-demo-dns-"));
  try {
    const file = join(folder, "tenk.yaml");
    writeFileSync(file, configuration());
    return await runDemo(
      {
        title: "tenk demo dns",
        protocol: dns,
        instanceArgs: ["--config", file],
        where: (instance) => [addressOf(instance), `${NAMES} local names, ${NAMES} blocked ones`],
        plan: (instance) => dnsPlan(words, instance),
      },
      words,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** JSON is YAML. */
function configuration(): string {
  const names = Array.from({ length: NAMES }, (_, index) => index);
  const hosts = Object.fromEntries(names.map((index) => [`host${index}`, `192.0.2.${index % 250}`]));
  const rules = names.map((index) => `||ads${index}.example^`);
  const section = {
    listen: "127.0.0.1:0",
    tls: "off",
    upstreams: [NO_UPSTREAM],
    blocklists: [],
    rules,
    hosts,
    mdns: false,
  };
  return JSON.stringify({ domain: "home.arpa", dns: section });
}

function dnsPlan(words: DnsDemoWords, instance: InstanceReady | undefined): DnsPlan {
  const { clients, rate, outstanding, duration, full } = words;
  // Checked before anything is opened; the port does not matter for it.
  const { host, port } = instance === undefined ? { host: "127.0.0.1", port: 53 } : listenerOf(instance);
  const file = (name: keyof typeof SHARES, nameOf: (index: number) => string) => {
    const lines = Array.from({ length: NAMES }, (_, index) => `${nameOf(index)} A\n`).join("");
    return { name, text: new TextEncoder().encode(lines), share: SHARES[name] };
  };
  return planDns({
    host,
    port,
    files: [file("local", (index) => `host${index}.home.arpa`), file("blocked", (index) => `www.ads${index}.example`)],
    connections: clients,
    outstanding,
    durationMs: full ? FULL_MS : duration,
    expectRcode: "NOERROR",
    statsUrl: instance === undefined ? false : new URL("/api/status", instance.statusUrl).href,
    ...(rate === undefined ? {} : { totalRate: rate }),
  });
}

function listenerOf({ listeners }: InstanceReady): InstanceReady["listeners"][number] {
  return listeners.find(({ name }) => name === "udp")!;
}

function addressOf(instance: InstanceReady): string {
  const { host, port } = listenerOf(instance);
  return `dns://${host}:${port}`;
}
