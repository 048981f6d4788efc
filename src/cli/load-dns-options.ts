import { basename } from "node:path";
import type { Command } from "commander";
import { parseAddress } from "../app/mod.ts";
import { parseBytes, parseCount, parseRate, TenkError, withoutUndefined } from "../base/mod.ts";
import { eventLoops } from "../limits/mod.ts";
import { DNS_MODES, type DnsMode, type DnsOptions, parseRcodes, type QueryFile } from "../load/mod.ts";
import { refuseDnsperfOptions } from "./dnsperf.ts";
import { statsUrlOf } from "./load-plan.ts";
import { addResultOptions, type ResultWords } from "./load-result-options.ts";
import { contentOf, percentiles, positive, seconds } from "./load-values.ts";
import { listOption, oneOf, parseWorkers, valueOption } from "./options.ts";

/** The options of `load dns` as read. */
export interface DnsWords extends ResultWords {
  readonly queries?: readonly QueryFile[];
  readonly server?: string;
  readonly port?: number;
  readonly mode: DnsMode;
  readonly edns?: boolean;
  readonly dnssec?: boolean;
  readonly udpSize?: number;
  readonly ednsOption?: readonly (readonly [code: number, data: Uint8Array])[];
  readonly runs?: number;
  readonly clients: number;
  readonly threads: number | "auto";
  readonly outstanding?: number;
  readonly rate?: number;
  readonly shape?: string;
  readonly duration?: number;
  readonly timeout?: number;
  readonly retryTcp?: boolean;
  readonly lateAfter?: number;
  readonly dropAfter?: number;
  readonly connectRate?: number;
  readonly buffer?: number;
  readonly sourceIp?: readonly string[];
  readonly insecure?: boolean;
  readonly tlsName?: string;
  readonly dohPath?: string;
  readonly ca?: string;
  readonly expectRcode?: string;
  readonly latencyPercentiles?: readonly number[];
  readonly expect?: readonly string[];
}

/** Where each mode is served. */
const PORTS: Readonly<Record<DnsMode, number>> = { udp: 53, tcp: 53, dot: 853, doh: 443 };

/** Adds every option of `load dns`, in dnsperf's spelling where dnsperf has it. */
export function addDnsOptions(command: Command): void {
  addQueryOptions(command.optionsGroup("What is asked:"));
  addPaceOptions(command.optionsGroup("How much, how fast, how long:"));
  addClientOptions(command.optionsGroup("Clients:"));
  command
    .optionsGroup("Result:")
    .addOption(
      valueOption("--expect-rcode <list>", "response codes that are right (default: NOERROR,NXDOMAIN)", rcodes),
    )
    .addOption(valueOption("--latency-percentiles <list>", "also print these: 95,99.5", percentiles))
    .addOption(valueOption("--stats-url <url>", "tenk whose counters are read before and after, or none", String));
  addResultOptions(command);
  refuseDnsperfOptions(command);
}

function addQueryOptions(command: Command): void {
  command
    .addOption(
      listOption(
        "-d, --queries <file>",
        "lines such as 'example.org A'; several files share the queries, 80%=FILE says how",
        queryFile,
      ),
    )
    .addOption(valueOption("-m, --mode <mode>", "udp, tcp, dot or doh", oneOf(...DNS_MODES)).default("udp"))
    .option("-e, --edns", "queries have an OPT record")
    .option("-D, --dnssec", "they ask for DNSSEC records, and have an OPT record")
    .addOption(valueOption("--udp-size <size>", "what clients take in a datagram (default: 1232)", udpSize))
    .addOption(listOption("-E, --edns-option <code:hex>", "an option of the OPT record", ednsOption))
    .option("--retry-tcp", "ask again over TCP where an answer is truncated");
}

function addPaceOptions(command: Command): void {
  command
    .addOption(valueOption("-l, --duration <time>", "how long; without it, once through the file", positive(seconds)))
    .addOption(valueOption("-n, --runs <n>", "how often to go through the file at most", positive(parseCount)))
    .addOption(valueOption("-Q, --rate <n>", "queries a second in all, planned: the open model", positive(parseRate)))
    .addOption(valueOption("-R <n>", "the same, as in load http", positive(parseRate)).hideHelp())
    .on("option:R", (rate: string) => command.setOptionValue("rate", positive(parseRate)(rate)))
    .addOption(
      valueOption("--shape <shape>", "how the rate moves: constant, ramp, steps, spike, sine, poisson", String),
    )
    .addOption(
      valueOption(
        "-q, --outstanding <n>",
        "queries that may await answers, in all (default: 100)",
        positive(parseCount),
      ),
    )
    .addOption(valueOption("-t, --timeout <time>", "of a query, and of a connect (default: 5s)", positive(seconds)))
    .addOption(valueOption("--late-after <time>", "a query sent later than this counts as late", seconds))
    .addOption(valueOption("--drop-after <time>", "one that could not be sent for so long is dropped", seconds));
}

function addClientOptions(command: Command): void {
  command
    .addOption(
      valueOption("-c, --clients <n>", "sockets, each with a port of its own", positive(parseCount)).default(1),
    )
    .addOption(valueOption("-T, --threads <n>", "event loops: a number or auto", parseWorkers).default(1))
    .addOption(valueOption("-s, --server <address>", "the target, as dnsperf has it", String).hideHelp())
    .addOption(valueOption("-p, --port <port>", "its port", parseCount).hideHelp())
    .addOption(listOption("-a, --source-ip <address>", "ask from here; may be given several times", String))
    .addOption(valueOption("-b, --buffer <size>", "SO_RCVBUF and SO_SNDBUF; a number alone is KiB", bufferBytes))
    .addOption(
      valueOption("--connect-rate <n>", "connections opened a second (default: all at once)", positive(parseRate)),
    )
    .option("--insecure", "do not verify the certificate")
    .addOption(valueOption("--tls-name <name>", "the name in the certificate, if it is not the target's", String))
    .addOption(valueOption("--doh-path <path>", "with -m doh (default: /dns-query)", String))
    .addOption(valueOption("--ca <file>", "certificates that are trusted instead of the system's", String));
}

/**
 * Converts the options of the command line to those of the load library.
 *
 * @throws {TenkError} `usage`
 */
export function dnsOptionsOf(target: string | undefined, words: DnsWords, cores = eventLoops()): DnsOptions {
  const { threads, clients } = words;
  const given = withoutUndefined({
    mode: words.mode,
    runs: words.runs,
    outstanding: words.outstanding,
    connections: clients,
    workers: Math.min(threads === "auto" ? cores : threads, clients),
    durationMs: words.duration,
    totalRate: words.rate,
    shape: words.shape,
    timeoutMs: words.timeout,
    edns: words.edns,
    dnssecOk: words.dnssec,
    udpBytes: words.udpSize,
    ednsOptions: words.ednsOption,
    retryTruncated: words.retryTcp,
    lateAfterMs: words.lateAfter,
    dropAfterMs: words.dropAfter,
    connectRate: words.connectRate,
    receiveBufferBytes: words.buffer,
    sendBufferBytes: words.buffer,
    sourceAddresses: words.sourceIp,
    verifyTls: words.insecure === undefined ? undefined : !words.insecure,
    serverName: words.tlsName,
    dohPath: words.dohPath,
    ca: words.ca,
    expectRcode: words.expectRcode,
    percentiles: words.latencyPercentiles,
    expectations: words.expect,
    statsUrl: statsUrlOf(words.statsUrl),
  });
  return { ...addressOf(target, words), files: words.queries ?? [], ...given };
}

function addressOf(target: string | undefined, { server, port, mode }: DnsWords): { host: string; port: number } {
  if (target === undefined && server === undefined)
    throw new TenkError("usage", "There is no target: expected HOST[:PORT]", {
      hint: "for example tenk load dns 127.0.0.1:53 -d FILE",
    });
  if (target !== undefined && (server !== undefined || port !== undefined))
    throw new TenkError("usage", "The target is given twice: as HOST:PORT, and by -s or -p");
  const text = target ?? server!;
  const hasPort = /^\[.*\]:\d+$|^[^:]*:\d+$/.test(text);
  const isBareIpv6 = !hasPort && !text.startsWith("[") && text.includes(":");
  const host = isBareIpv6 ? `[${text}]` : text;
  const address = parseAddress(hasPort ? host : `${host}:${port ?? PORTS[mode]}`, "127.0.0.1");
  if ("path" in address) throw new TenkError("usage", `"${text}" is no address of a DNS server: expected HOST[:PORT]`);
  return { host: address.host, port: address.port };
}

/** `FILE` or `80%=FILE`; the share may be any number. */
function queryFile(text: string): QueryFile {
  const [, share, path = text] = /^(\d+(?:\.\d+)?)%?=(.+)$/.exec(text) ?? [];
  return { name: basename(path), text: contentOf(path), share: share === undefined ? 1 : Number(share) };
}

/** Parsed here so that an error names its option. */
function rcodes(text: string): string {
  parseRcodes(text);
  return text;
}

function udpSize(text: string): number {
  const bytes = parseBytes(text);
  if (bytes >= 512 && bytes <= 65_535) return bytes;
  throw new TenkError("usage", `Cannot use "${text}": expected 512 to 65535`);
}

/** `10:0102030405060708`, as in dnsperf. */
function ednsOption(text: string): readonly [number, Uint8Array] {
  const [, code, hex = ""] = /^(\d{1,5}):((?:[\da-f]{2})*)$/i.exec(text) ?? [];
  if (code !== undefined && Number(code) <= 65_535) return [Number(code), new Uint8Array(Buffer.from(hex, "hex"))];
  throw new TenkError("usage", `Cannot read "${text}": expected CODE:HEX, such as 10:0102030405060708`);
}

function bufferBytes(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1024 : parseBytes(text);
}
