import { messageOf } from "../src/base/mod.ts";
import { compileC, product } from "./build.ts";
import { type Generator, runGenerator } from "./dns-generators.ts";
import { LIST_NAMES, type ListName, MIXES, makeDnsNames, QUERY_FILES } from "./dns-names.ts";
import { DNS_PEERS } from "./dns-peers.ts";
import type { DnsResult, Stretch } from "./dns-results.ts";
import { DnsStand } from "./dns-stand.ts";
import { dnsBars, dnsRemarks, dnsTables } from "./dns-table.ts";
import { freePort } from "./free-port.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { isInstalled, type Running, start } from "./process.ts";
import { ready, visits } from "./rounds.ts";

/** Queries a second at which latency is taken, and of those that are forwarded. */
export const PER_SECOND = 20_000;
export const FORWARDED_PER_SECOND = 5000;
const READY_MS = 5000;

export const DNS: Bench = {
  peers: DNS_PEERS,
  prepare() {
    if (!isInstalled("dnsperf")) return "dnsperf is not installed (apt-get install dnsperf)";
    return compileC("dns-authority");
  },
  async measure(options, log) {
    const { chosen, versions, skipped } = ready(DNS_PEERS, options.only);
    const results = new Map<string, DnsResult>();
    const authority = await Authority.open(options);
    try {
      for (const list of LIST_NAMES) {
        const run = new Run(list, authority.port, results, options, log);
        await run.all(chosen, skipped);
      }
    } finally {
      await authority.stop();
    }
    const [table, ...further] = dnsTables(results);
    return {
      plan: `4 clients: as fast as answers come, and ${PER_SECOND} queries/s; forwarded ${FORWARDED_PER_SECOND}/s, each to an upstream in C; ${options.seconds} s each ${roundsOf(options)}; the million names in one round`,
      outcome: { results, versions, skipped },
      table: table!,
      further,
      bars: dnsBars(results),
      remarks: dnsRemarks(results),
    };
  },
};

/** All servers with one of the lists. What fails is skipped with its reason, and the run goes on. */
class Run {
  readonly #list: ListName;
  readonly #authorityPort: number;
  readonly #results: Map<string, DnsResult>;
  readonly #options: BenchOptions;
  readonly #log: (line: string) => void;

  constructor(
    list: ListName,
    authorityPort: number,
    results: Map<string, DnsResult>,
    options: BenchOptions,
    log: (line: string) => void,
  ) {
    this.#list = list;
    this.#authorityPort = authorityPort;
    this.#results = results;
    this.#options = options;
    this.#log = log;
  }

  async all(peers: typeof DNS_PEERS, skipped: Record<string, string>): Promise<void> {
    const { pin, rounds } = this.#options;
    this.#log(`${this.#list}: lists`);
    const lists = makeDnsNames(this.#list);
    const stands: DnsStand[] = [];
    try {
      for (const peer of peers) {
        this.#log(`${this.#list}: ${peer.name}: start, warm-up`);
        try {
          const stand = await DnsStand.open(peer, lists, this.#authorityPort, pin ? 1 : undefined);
          stands.push(stand);
          this.#results.set(`${this.#list} ${peer.name}`, { loaded: stand.loaded, stretches: [], rereads: [] });
          await this.#warmUp(stand);
        } catch (error) {
          skipped[`${peer.name}, ${this.#list}`] = messageOf(error);
        }
      }
      for (const stand of visits(stands, this.#list === "million" ? 1 : rounds)) {
        this.#log(`${this.#list}: ${stand.name}`);
        await this.#visit(stand, skipped);
      }
      for (const stand of stands) {
        this.#log(`${this.#list}: ${stand.name}: reads its lists again`);
        try {
          this.#results.get(`${this.#list} ${stand.name}`)!.rereads.push(await stand.reread());
        } catch (error) {
          skipped[`${stand.name}, ${this.#list}, rereading`] = messageOf(error);
        }
      }
    } finally {
      await Promise.all(stands.map((stand) => stand.stop()));
    }
  }

  /** Fills its cache, and lets just-in-time compilers settle. */
  async #warmUp(stand: DnsStand): Promise<void> {
    const seconds = this.#options.warmUpSeconds / MIXES.length;
    for (const mix of MIXES) await this.#run(stand, "dnsperf", mix, { seconds });
  }

  async #visit(stand: DnsStand, skipped: Record<string, string>): Promise<void> {
    const { stretches } = this.#results.get(`${this.#list} ${stand.name}`)!;
    const { seconds } = this.#options;
    try {
      for (const mix of MIXES) {
        stretches.push(await this.#run(stand, "dnsperf", mix, { seconds }));
        stretches.push(await this.#run(stand, "tenk", mix, { seconds, perSecond: PER_SECOND }));
      }
      // The other way round, once in a round: what the generators cost, and whether servers cost the same under both.
      stretches.push(await this.#run(stand, "tenk", "cached", { seconds }));
      stretches.push(await this.#run(stand, "dnsperf", "cached", { seconds, perSecond: PER_SECOND }));
      stretches.push(await this.#run(stand, "tenk", "forwarded", { seconds, perSecond: FORWARDED_PER_SECOND }));
    } catch (error) {
      skipped[`${stand.name}, ${this.#list}`] = messageOf(error);
    }
  }

  async #run(
    stand: DnsStand,
    generator: Generator,
    mix: Stretch["mix"],
    how: { readonly seconds: number; readonly perSecond?: number },
  ): Promise<Stretch> {
    const load = { port: stand.port, file: QUERY_FILES[mix](this.#list), pin: this.#options.pin, ...how };
    const beforeUs = stand.cpuUs();
    const told = await runGenerator(generator, load);
    const cpuUsPerAnswer = (stand.cpuUs() - beforeUs) / told.answered;
    return { ...told, generator, mix, isSaturated: how.perSecond === undefined, cpuUsPerAnswer };
  }
}

/** The upstream. */
class Authority {
  readonly port: number;
  readonly #running: Running;

  private constructor(port: number, running: Running) {
    this.port = port;
    this.#running = running;
  }

  static async open({ pin }: BenchOptions): Promise<Authority> {
    const port = await freePort();
    const running = start([product("dns-authority"), String(port)], pin ? 0 : undefined);
    await running.nextLine(READY_MS);
    return new Authority(port, running);
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }
}
