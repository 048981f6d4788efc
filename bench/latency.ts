import type { Bar } from "./bars.ts";
import { compileC, product } from "./build.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { PEERS } from "./peers.ts";
import { middle, quotients } from "./rounds.ts";
import { measureInTurn, type Served, Stand } from "./stand.ts";
import { figure, median, type Table, timesWithRange } from "./table.ts";

/** Shares of its capacity at which a server is measured. */
const SHARES = [0.1, 0.5, 0.9] as const;
/** All servers are also measured at the same rate: this share of this server's capacity. */
const SAME_RATE = { of: "vertx", share: 0.5 } as const;
const CAPACITY_RUNS = 3;
/** Above this, the remarks must mention the client's own lateness as a part of the figure. */
const LATE_SHARE = 0.5;

/** Latency from the planned moment, at one rate. */
export interface AtRate {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** How late messages left, p99: the client's own part. */
  readonly lateP99Us: number;
}

export interface LatencyRound {
  readonly capacity: number;
  /** How busy each side was, as a share of its processor, which shows the bottleneck. */
  readonly serverBusy: number;
  /** In the order of the shares. */
  readonly atShare: readonly AtRate[];
  readonly atSameRate: AtRate | undefined;
}

export type LatencyResults = ReadonlyMap<string, readonly LatencyRound[]>;

const SERVED: readonly Served[] = PEERS.filter((peer) => peer.name !== "tenk-2-workers").map((peer) => ({
  name: peer.name,
  prepare: peer.prepare,
  version: peer.version,
  command: ({ port }) => peer.command("echo", port),
}));

export const LATENCY: Bench = {
  peers: SERVED,
  prepare: () => compileC("echo-client"),
  async measure(options, log) {
    const outcome = await measureInTurn(
      {
        peers: SERVED,
        open: (peer) => LatencyPlace.open(peer, options),
        visit: (place, places) => place.visit(places.get(SAME_RATE.of)?.capacity),
      },
      options,
      log,
    );
    const { connections, size, seconds } = options;
    return {
      plan: `${connections} connections, echoes of ${size} B, ${seconds} s at each rate ${roundsOf(options)}`,
      ...{ outcome, table: latencyTable(outcome.results), bars: latencyBars(outcome.results) },
      remarks: latencyRemarks(outcome.results),
    };
  },
};

class LatencyPlace {
  /** Messages a second. */
  capacity = Number.NaN;
  #serverBusy = Number.NaN;
  readonly #stand: Stand;
  readonly #options: BenchOptions;

  private constructor(stand: Stand, options: BenchOptions) {
    this.#stand = stand;
    this.#options = options;
  }

  static async open(peer: Served, options: BenchOptions): Promise<LatencyPlace> {
    const stand = await Stand.open(peer, options, ({ port }) => [product("echo-client"), String(port)]);
    const place = new LatencyPlace(stand, options);
    try {
      await stand.request(`connect ${options.connections}`);
      await stand.request(`full ${options.warmUpSeconds} ${options.size}`);
      await place.#findCapacity();
      return place;
    } catch (error) {
      await stand.stop();
      throw error;
    }
  }

  async #findCapacity(): Promise<void> {
    const runs: { perSecond: number; busy: number }[] = [];
    for (let run = 0; run < CAPACITY_RUNS; run++) {
      const { messages, tookMs, serverMs } = await this.#stand.spend<{ messages: number; tookMs: number }>(
        `full 1 ${this.#options.size}`,
      );
      runs.push({ perSecond: (messages * 1000) / tookMs, busy: serverMs / tookMs });
    }
    this.capacity = median(runs.map((run) => run.perSecond));
    this.#serverBusy = median(runs.map((run) => run.busy));
  }

  async visit(sameRateCapacity: number | undefined): Promise<LatencyRound> {
    const atShare: AtRate[] = [];
    for (const share of SHARES) atShare.push(await this.#at(this.capacity * share));
    const sameRate = sameRateCapacity === undefined ? undefined : sameRateCapacity * SAME_RATE.share;
    const atSameRate = sameRate === undefined ? undefined : await this.#at(sameRate);
    return { capacity: this.capacity, serverBusy: this.#serverBusy, atShare, atSameRate };
  }

  async #at(perSecond: number): Promise<AtRate> {
    const { seconds, size } = this.#options;
    const answer = await this.#stand.request<Omit<AtRate, "perSecond">>(
      `rate ${perSecond.toFixed(0)} ${seconds} ${size}`,
    );
    await Bun.sleep(50);
    return { ...answer, perSecond };
  }

  stop(): Promise<void> {
    return this.#stand.stop();
  }
}

export function latencyTable(results: LatencyResults): Table {
  return {
    head: [
      ...["server", "capacity/s", "server busy %"],
      ...SHARES.map((share) => `at ${share * 100} %: p50 / p99 / p99.9 us`),
      ...["p99 at 50 %, to Vert.x", "all at one rate: p50 / p99 / p99.9 us", "p99, to Vert.x"],
    ],
    rows: [...results].map(([name, of]) => [
      name,
      figure(middle(of, (round) => round.capacity)),
      figure(middle(of, (round) => round.serverBusy * 100)),
      ...SHARES.map((_, index) => percentiles(of.map((round) => round.atShare[index]))),
      timesWithRange(shareRatios(results, name, SAME_RATE.of)),
      percentiles(of.map((round) => round.atSameRate)),
      timesWithRange(sameRateRatios(results, name, SAME_RATE.of)),
    ]),
  };
}

function percentiles(rounds: readonly (AtRate | undefined)[]): string {
  const known = rounds.filter((round) => round !== undefined);
  if (known.length === 0) return "-";
  const of = (pick: (round: AtRate) => number) => figure(middle(known, pick));
  return `${of((round) => round.p50Us)} / ${of((round) => round.p99Us)} / ${of((round) => round.p999Us)}`;
}

export function latencyBars(results: LatencyResults): Bar[] {
  const half = "echo p99 at 50 % of capacity, to Vert.x";
  return [
    { name: `${half}, each at its own`, most: 1, got: median(shareRatios(results, "tenk", "vertx")), unit: "x" },
    { name: `${half}, both at Vert.x's`, most: 1, got: median(sameRateRatios(results, "tenk", "vertx")), unit: "x" },
  ];
}

export function latencyRemarks(results: LatencyResults): string[] {
  return [...results].flatMap(([name, of]) => {
    const ownPart = middle(of, (round) => (round.atShare[1]?.lateP99Us ?? 0) / (round.atShare[1]?.p99Us ?? 1));
    const busy = middle(of, (round) => round.serverBusy);
    return [
      ...(busy < 0.9
        ? [`${name}: ${figure(busy * 100)} % busy at its capacity: the client, or another program, was the limit`]
        : []),
      ...(ownPart > LATE_SHARE
        ? [`${name}: at 50 % the client itself was late by ${figure(ownPart * 100)} % of the p99`]
        : []),
    ];
  });
}

function shareRatios(results: LatencyResults, name: string, base: string): number[] {
  const p99 = (of: string) => (results.get(of) ?? []).map((round) => round.atShare[1]?.p99Us ?? Number.NaN);
  return quotients(p99(name), p99(base));
}

function sameRateRatios(results: LatencyResults, name: string, base: string): number[] {
  const p99 = (of: string) => (results.get(of) ?? []).map((round) => round.atSameRate?.p99Us ?? Number.NaN);
  return quotients(p99(name), p99(base));
}
