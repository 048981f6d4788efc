import { compileC, peerFile, product } from "./build.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { cRoom, goRoom, nodeRoom, tenk, vertxRoom } from "./rooms.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { measureInTurn, type Served, Stand } from "./stand.ts";
import { figure, type Table, times, withRange } from "./table.ts";

/** Bytes of a line, including its end. */
const SIZES = [32, 1024] as const;

/** One stretch: a number of connections sending lines of one size as fast as the server reads them. */
export interface LinesRun {
  readonly lines: number;
  /** Counted by the server. */
  readonly counted: number;
  readonly tookMs: number;
  readonly serverMs: number;
}

/** One connection first, then many; the sizes in each. */
export type LinesRound = readonly LinesRun[];
export type LinesResults = ReadonlyMap<string, readonly LinesRound[]>;

const SERVED: readonly Served[] = [
  cRoom("lines"),
  tenk(() => ({ handler: peerFile("tenk/lines.ts") })),
  nodeRoom("node-readline", "lines-readline"),
  nodeRoom("node-split", "lines-split"),
  goRoom("lines"),
  vertxRoom("vertx", "lines"),
];

export const LINES: Bench = {
  peers: SERVED,
  prepare: () => compileC("lines-client"),
  async measure(options, log) {
    const outcome = await measureInTurn(
      { peers: SERVED, open: (peer) => open(peer, options), visit: (stand) => visit(stand, options) },
      options,
      log,
    );
    const { connections, seconds } = options;
    const sizes = SIZES.join(" and ");
    return {
      plan: `Lines of ${sizes} B from 1 and from ${connections} connections, ${seconds} s each ${roundsOf(options)}`,
      ...{ outcome, table: linesTable(outcome.results, options), bars: [], remarks: linesRemarks(outcome.results) },
    };
  },
};

async function open(peer: Served, options: BenchOptions): Promise<Stand> {
  const stand = await Stand.open(peer, options, ({ port }) => [product("lines-client"), String(port)]);
  try {
    await stand.request(`connect ${options.connections}`);
    await stand.request(`lines ${options.warmUpSeconds} ${SIZES[0]}`);
    await stand.request("close");
    return stand;
  } catch (error) {
    await stand.stop();
    throw error;
  }
}

async function visit(stand: Stand, { connections, seconds }: BenchOptions): Promise<LinesRound> {
  const runs: LinesRun[] = [];
  for (const count of [1, connections]) {
    await stand.request(`connect ${count}`);
    for (const size of SIZES) runs.push(await stand.spend<Omit<LinesRun, "serverMs">>(`lines ${seconds} ${size}`));
    await stand.request("close");
  }
  return runs;
}

/** Returns a row for each load and server, in the order in which they are compared. */
export function linesTable(results: LinesResults, { connections }: Pick<BenchOptions, "connections">): Table {
  const loads = [1, connections].flatMap((count) => SIZES.map((size) => `${count} x ${size} B`));
  return {
    head: ["load, server", "CPU ms/million lines", "to Vert.x", "to Node's readline", "million lines/s"],
    rows: loads.flatMap((load, index) =>
      [...results].map(([name, of]) => [
        `${load}, ${name}`,
        withRange(of.map((round) => cpuMsPerMillion(round[index]))),
        times(linesRatio(results, name, "vertx", index)),
        times(linesRatio(results, name, "node-readline", index)),
        figure(middle(of, (round) => perSecond(round[index]) / 1e6)),
      ]),
    ),
  };
}

export function linesRemarks(results: LinesResults): string[] {
  return [...results].flatMap(([name, of]) => {
    const missing = of.flat().reduce((total, run) => total + run.lines - run.counted, 0);
    return missing === 0 ? [] : [`${name}: ${missing} lines were not counted`];
  });
}

function linesRatio(results: LinesResults, name: string, base: string, index: number): number {
  const cpu = (of: string) => (results.get(of) ?? []).map((round) => cpuMsPerMillion(round[index]));
  return pairedRatio(cpu(name), cpu(base));
}

function cpuMsPerMillion(run: LinesRun | undefined): number {
  return run === undefined ? Number.NaN : (run.serverMs * 1e6) / run.lines;
}

function perSecond(run: LinesRun | undefined): number {
  return run === undefined ? Number.NaN : (run.lines * 1000) / run.tookMs;
}
