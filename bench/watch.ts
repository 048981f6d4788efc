import { compileC, peerFile, product, tenkCommand, tenkVersion } from "./build.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { measureInTurn, type Served, Stand } from "./stand.ts";
import { figure, median, type Table, times, withRange } from "./table.ts";

const CONNECTS_PER_SECOND = 2000;
const SCRAPES = 20;

export interface WatchRound {
  /** A sink under load. */
  readonly cpuUsPerMessage: number;
  /** The server's processor time; 0 where there is nothing to scrape. */
  readonly scrapeCpuMs: number;
  /** Median of the round, from the request to the last byte. */
  readonly scrapeMs: number;
  readonly scrapeBytes: number;
}
export type WatchResults = ReadonlyMap<string, readonly WatchRound[]>;

const SERVED: readonly Served[] = [
  {
    name: "library",
    prepare: () => undefined,
    command: ({ port }) => [process.execPath, peerFile("tenk/bare-sink.ts"), String(port)],
    version: tenkVersion,
  },
  {
    name: "tenk",
    prepare: () => undefined,
    // The second port, which other benchmarks give to a backend, is the dashboard's.
    command: ({ port, backendPort }) => [
      ...[...tenkCommand(), "up", "--json", "--log-level", "error", "--handler", "sink"],
      ...["--listen", `127.0.0.1:${port}`, "--dashboard", `127.0.0.1:${backendPort}`],
    ],
    version: tenkVersion,
  },
];

/** The cost of monitoring: a sink alone and within an instance, and a scrape of an instance with many connections. */
export const WATCH: Bench = {
  peers: SERVED,
  prepare: () => compileC("sender-epoll"),
  async measure(options, log) {
    const outcome = await measureInTurn(
      { peers: SERVED, open: (peer) => Watched.open(peer, options), visit: (watched) => watched.visit(options) },
      options,
      log,
    );
    const { connections, perSecond, size, seconds } = options;
    return {
      plan: `${connections} connections x ${perSecond} messages/s of ${size} B for ${seconds} s, then ${SCRAPES} scrapes of the box ${roundsOf(options)}`,
      outcome,
      table: watchTable(outcome.results),
      bars: [
        {
          name: "instrumentation, CPU per message, to the library alone",
          most: 1.02,
          got: ratio(outcome.results),
          unit: "x",
        },
        {
          name: "scrape, server's CPU",
          most: 10,
          got: middle(outcome.results.get("tenk"), (round) => round.scrapeCpuMs),
          unit: "ms",
        },
      ],
      remarks: [],
    };
  },
};

class Watched {
  readonly #stand: Stand;
  readonly #metricsUrl: string | undefined;

  private constructor(stand: Stand, metricsUrl: string | undefined) {
    this.#stand = stand;
    this.#metricsUrl = metricsUrl;
  }

  static async open(peer: Served, options: BenchOptions): Promise<Watched> {
    let dashboard = 0;
    const stand = await Stand.open(peer, options, ({ port, backendPort }) => {
      dashboard = backendPort;
      return [product("sender-epoll"), String(port), "0"];
    });
    try {
      await stand.request(`connect ${options.connections} ${CONNECTS_PER_SECOND}`);
      await stand.request(sendLine(options, options.warmUpSeconds));
      return new Watched(stand, peer.name === "tenk" ? `http://127.0.0.1:${dashboard}/metrics` : undefined);
    } catch (error) {
      await stand.stop();
      throw error;
    }
  }

  async visit(options: BenchOptions): Promise<WatchRound> {
    const { messages, serverMs } = await this.#stand.spend<{ messages: number }>(sendLine(options, options.seconds));
    const cpuUsPerMessage = (serverMs * 1000) / messages;
    const url = this.#metricsUrl;
    if (url === undefined) return { cpuUsPerMessage, scrapeCpuMs: 0, scrapeMs: 0, scrapeBytes: 0 };
    const tookMs: number[] = [];
    let scrapeBytes = 0;
    const cpuMs = await this.#stand.during(async () => {
      for (let count = 0; count < SCRAPES; count++) {
        const beganMs = performance.now();
        scrapeBytes = (await (await fetch(url)).text()).length;
        tookMs.push(performance.now() - beganMs);
      }
    });
    return { cpuUsPerMessage, scrapeCpuMs: cpuMs / SCRAPES, scrapeMs: median(tookMs), scrapeBytes };
  }

  stop(): Promise<void> {
    return this.#stand.stop();
  }
}

function sendLine({ perSecond, size, tickUs }: BenchOptions, seconds: number): string {
  return `send ${perSecond} ${seconds} ${size} ${tickUs}`;
}

export function watchTable(results: WatchResults): Table {
  return {
    head: ["sink", "CPU us/message", "to the library", "CPU ms/scrape", "ms/scrape", "KiB/scrape"],
    rows: [...results].map(([name, of]) => [
      name,
      withRange(of.map((round) => round.cpuUsPerMessage)),
      times(name === "tenk" ? ratio(results) : 1),
      ...(name === "tenk"
        ? [
            withRange(of.map((round) => round.scrapeCpuMs)),
            withRange(of.map((round) => round.scrapeMs)),
            figure(middle(of, (round) => round.scrapeBytes / 1024)),
          ]
        : ["-", "-", "-"]),
    ]),
  };
}

function ratio(results: WatchResults): number {
  const cpu = (name: string) => (results.get(name) ?? []).map((round) => round.cpuUsPerMessage);
  return pairedRatio(cpu("tenk"), cpu("library"));
}
