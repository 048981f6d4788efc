import type { Bar } from "./bars.ts";
import { compileC, product } from "./build.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { haproxy, nginx } from "./proxies.ts";
import { tenk } from "./rooms.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { measureInTurn, type Served, Stand } from "./stand.ts";
import { figure, type Table, times, withRange } from "./table.ts";

/** Concurrent connections where connections are counted. */
const PAIRS_UNDER_WAY = 64;
/** Time for a relay to close connections whose client left, which no measurement should include. */
const SETTLE_MS = 500;

export interface RelayRound {
  /** Connect, one byte there and back, close. */
  readonly pairs: {
    readonly pairs: number;
    readonly failed: number;
    readonly tookMs: number;
    readonly serverMs: number;
  };
  readonly up: RelayBulk;
  readonly down: RelayBulk;
}

/** Bytes forwarded, counted on arrival. */
export interface RelayBulk {
  readonly bytes: number;
  readonly tookMs: number;
  readonly serverMs: number;
}

export type RelayResults = ReadonlyMap<string, readonly RelayRound[]>;

const SERVED: readonly Served[] = [
  haproxy(),
  nginx(),
  tenk(({ backendPort }) => ({ handler: "relay", relay: { targets: [`127.0.0.1:${backendPort}`] } })),
];

export const RELAY: Bench = {
  peers: SERVED,
  prepare: () => compileC("relay-client"),
  async measure(options, log) {
    const outcome = await measureInTurn(
      { peers: SERVED, open: (peer) => open(peer, options), visit: (stand) => visit(stand, options) },
      options,
      log,
    );
    const { connections, seconds } = options;
    return {
      plan: `${PAIRS_UNDER_WAY} connections under way, then bulk over ${connections} up and down, ${seconds} s each ${roundsOf(options)}`,
      ...{ outcome, table: relayTable(outcome.results), bars: relayBars(outcome.results) },
      remarks: relayRemarks(outcome.results),
    };
  },
};

async function open(peer: Served, options: BenchOptions): Promise<Stand> {
  const stand = await Stand.open(peer, options, ({ port, backendPort }) => [
    ...[product("relay-client"), String(port), String(backendPort)],
  ]);
  try {
    await stand.request(`pairs ${options.warmUpSeconds} ${PAIRS_UNDER_WAY}`);
    await stand.request(`down ${options.warmUpSeconds} ${options.connections}`);
    await Bun.sleep(SETTLE_MS);
    return stand;
  } catch (error) {
    await stand.stop();
    throw error;
  }
}

async function visit(stand: Stand, { seconds, connections }: BenchOptions): Promise<RelayRound> {
  const pairs = await stand.spend<Omit<RelayRound["pairs"], "serverMs">>(`pairs ${seconds} ${PAIRS_UNDER_WAY}`);
  const bulk = async (way: "up" | "down") => {
    const spent = await stand.spend<Omit<RelayBulk, "serverMs">>(`${way} ${seconds} ${connections}`);
    await Bun.sleep(SETTLE_MS);
    return spent;
  };
  return { pairs, up: await bulk("up"), down: await bulk("down") };
}

export function relayTable(results: RelayResults): Table {
  const bulk = (way: string) => [`${way}: CPU s/GB`, "to HAProxy", "GB/s"];
  return {
    head: [
      ...["relay", "connections per CPU s", "CPU us/connection", "to HAProxy", "connections/s"],
      ...[...bulk("up"), ...bulk("down")],
    ],
    rows: [...results].map(([name, of]) => [
      name,
      figure(1e6 / middle(of, cpuUsPerPair)),
      withRange(of.map(cpuUsPerPair)),
      times(ratio(results, name, cpuUsPerPair)),
      figure(middle(of, ({ pairs }) => (pairs.pairs * 1000) / pairs.tookMs)),
      ...bulkCells(results, name, ({ up }) => up),
      ...bulkCells(results, name, ({ down }) => down),
    ]),
  };
}

function bulkCells(results: RelayResults, name: string, pick: (round: RelayRound) => RelayBulk): string[] {
  const of = results.get(name) ?? [];
  return [
    withRange(of.map((round) => cpuSecondsPerGb(pick(round)))),
    times(ratio(results, name, (round) => cpuSecondsPerGb(pick(round)))),
    figure(middle(of, (round) => pick(round).bytes / 1e6 / pick(round).tookMs)),
  ];
}

export function relayBars(results: RelayResults): Bar[] {
  const bar = (name: string, of: (round: RelayRound) => number) => ({
    ...{ name: `relay, ${name}, to HAProxy`, most: 1.5, got: ratio(results, "tenk", of), unit: "x" },
  });
  return [
    bar("CPU per connection", cpuUsPerPair),
    bar("CPU per GB up", ({ up }) => cpuSecondsPerGb(up)),
    bar("CPU per GB down", ({ down }) => cpuSecondsPerGb(down)),
  ];
}

export function relayRemarks(results: RelayResults): string[] {
  return [...results].flatMap(([name, of]) => {
    const failed = of.reduce((total, { pairs }) => total + pairs.failed, 0);
    return failed === 0 ? [] : [`${name}: ${failed} connections failed`];
  });
}

function ratio(results: RelayResults, name: string, of: (round: RelayRound) => number): number {
  return pairedRatio((results.get(name) ?? []).map(of), (results.get("haproxy") ?? []).map(of));
}

function cpuUsPerPair({ pairs }: RelayRound): number {
  return (pairs.serverMs * 1000) / pairs.pairs;
}

function cpuSecondsPerGb({ serverMs, bytes }: RelayBulk): number {
  return serverMs / 1000 / (bytes / 1e9);
}
