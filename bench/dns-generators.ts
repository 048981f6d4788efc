import { tenkCommand } from "./build.ts";

/** What a generator tells of a run. */
export interface Told {
  readonly answered: number;
  readonly lost: number;
  readonly perSecond: number;
  /** Of the generator. */
  readonly cpuUsPerQuery: number;
  /** From planned moments; only of tenk. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** A run of a generator: one second, or several, on processor 0. */
export interface Load {
  readonly port: number;
  readonly file: string;
  readonly seconds: number;
  /** Queries a second; undefined = as fast as answers come. */
  readonly perSecond?: number;
  readonly pin: boolean;
}

export const GENERATORS = ["dnsperf", "tenk"] as const;
export type Generator = (typeof GENERATORS)[number];

const CLIENTS = 4;
/** Seconds after which a query is lost: generators wait as long at the end. */
const TIMEOUT = "1";
/** Queries that await answers: enough to keep a server busy, and more than a pause of some ms needs at the rate. */
const OUTSTANDING = { saturated: 256, planned: 2000 };

export async function runGenerator(generator: Generator, load: Load): Promise<Told> {
  const outstanding = load.perSecond === undefined ? OUTSTANDING.saturated : OUTSTANDING.planned;
  const rate = load.perSecond === undefined ? [] : ["-Q", String(load.perSecond)];
  const common = [
    "-d",
    load.file,
    "-c",
    String(CLIENTS),
    "-t",
    TIMEOUT,
    "-q",
    String(outstanding),
    "-l",
    String(load.seconds),
    ...rate,
  ];
  if (generator === "dnsperf") {
    const server = ["-s", "127.0.0.1", "-p", String(load.port), "-b", "4096"];
    return toldByDnsperf(await output(["dnsperf", ...server, ...common], load.pin));
  }
  const words = ["load", "dns", `127.0.0.1:${load.port}`, ...common, "-b", "4096", "--no-save", "--no-live"];
  return toldByTenk(await output([...tenkCommand(), ...words, "--json", "-"], load.pin));
}

interface Output {
  readonly text: string;
  readonly cpuUs: number;
}

async function output(command: readonly string[], pin: boolean): Promise<Output> {
  const child = Bun.spawn([...(pin ? ["taskset", "-c", "0"] : []), ...command], { stdout: "pipe", stderr: "pipe" });
  const [text, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  if (text === "") throw new Error(`${command[0]} said nothing: ${complaint.slice(-300)}`);
  return { text, cpuUs: Number(child.resourceUsage()?.cpuTime.total ?? 0) };
}

function toldByDnsperf({ text, cpuUs }: Output): Told {
  const numberOf = (name: string) => Number(new RegExp(`${name}:\\s+([\\d.]+)`).exec(text)?.[1] ?? Number.NaN);
  const answered = numberOf("Queries completed");
  return {
    answered,
    lost: numberOf("Queries lost"),
    perSecond: numberOf("Queries per second"),
    cpuUsPerQuery: cpuUs / answered,
    p50Us: Number.NaN,
    p99Us: Number.NaN,
  };
}

function toldByTenk({ text }: Output): Told {
  const report = JSON.parse(text) as {
    readonly messages: { readonly answered: number; readonly unanswered: number; readonly dropped: number };
    readonly latencyUs: { readonly message: { readonly p50: number; readonly p99: number } };
    readonly generator: { readonly cpuUsPerMessage: number };
    readonly protocol: { readonly perSecond: number; readonly mismatched: number };
  };
  const { messages, latencyUs, generator, protocol } = report;
  return {
    answered: messages.answered,
    lost: messages.unanswered + messages.dropped + protocol.mismatched,
    perSecond: protocol.perSecond,
    cpuUsPerQuery: generator.cpuUsPerMessage,
    p50Us: latencyUs.message.p50,
    p99Us: latencyUs.message.p99,
  };
}
