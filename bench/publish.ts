import type { Bar } from "./bars.ts";
import { compileC, peerFile, product } from "./build.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { cRoom, goRoom, nodeRoom, tenk, vertxRoom } from "./rooms.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { measureInTurn, type Served, Stand } from "./stand.ts";
import { figure, median, percentile, type Table, times, withRange } from "./table.ts";

/** Bytes of a message, including its end. */
const SIZES = [64, 1024] as const;
const PUBLISHES = 10;
const GAP_MS = 20;

/** A series of publishes of one size, one after the other. */
export interface PublishRun {
  /** Time of each, from sending it until the last subscriber had its last byte. */
  readonly tookMs: readonly number[];
  /** Publishes that did not reach every subscriber. */
  readonly lost: number;
  readonly serverMs: number;
}

/** In the order of the sizes. */
export type PublishRound = readonly PublishRun[];
export type PublishResults = ReadonlyMap<string, readonly PublishRound[]>;

const SERVED: readonly Served[] = [
  cRoom("chat"),
  tenk(() => ({ handler: peerFile("tenk/chat.ts") })),
  nodeRoom("node", "chat"),
  goRoom("chat"),
  vertxRoom("vertx", "chat"),
  vertxRoom("vertx-native", "chat", ["native"]),
];

export const PUBLISH: Bench = {
  peers: SERVED,
  prepare: () => compileC("chat-client"),
  async measure(options, log) {
    const outcome = await measureInTurn({ peers: SERVED, open: (peer) => open(peer, options), visit }, options, log);
    const { connections } = options;
    const sizes = SIZES.join(" and ");
    return {
      plan: `A message of ${sizes} B to ${connections} subscribers, ${PUBLISHES} of each size a round ${roundsOf(options)}`,
      outcome,
      table: publishTable(outcome.results),
      bars: publishBars(outcome.results, connections),
      remarks: publishRemarks(outcome.results),
    };
  },
};

async function open(peer: Served, options: BenchOptions): Promise<Stand> {
  const stand = await Stand.open(peer, options, ({ port }) => [product("chat-client"), String(port)]);
  try {
    await stand.request(`connect ${options.connections}`);
    // Waits until the server has accepted the last of them.
    await Bun.sleep(1000);
    const endMs = performance.now() + options.warmUpSeconds * 1000;
    while (performance.now() < endMs) await publish(stand, SIZES[0]);
    return stand;
  } catch (error) {
    await stand.stop();
    throw error;
  }
}

async function visit(stand: Stand): Promise<PublishRound> {
  const runs: PublishRun[] = [];
  for (const size of SIZES) runs.push(await publish(stand, size));
  return runs;
}

async function publish(stand: Stand, size: number): Promise<PublishRun> {
  const run = await stand.spend<Omit<PublishRun, "serverMs">>(`publish ${size} ${PUBLISHES} ${GAP_MS}`);
  if (run.lost > 0) throw new Error(`a message of ${size} B did not reach every subscriber within 10 s`);
  return run;
}

/** Returns a row for each size and server. */
export function publishTable(results: PublishResults): Table {
  return {
    head: ["size, server", "ms to the last", "p99", "to Vert.x", "to C epoll", "CPU ms a publish", "to Vert.x"],
    rows: SIZES.flatMap((size, index) =>
      [...results].map(([name, of]) => [
        `${size} B, ${name}`,
        withRange(of.map((round) => median(round[index]?.tookMs ?? []))),
        figure(
          percentile(
            of.flatMap((round) => round[index]?.tookMs ?? []),
            0.99,
          ),
        ),
        times(tookRatio(results, name, "vertx", index)),
        times(tookRatio(results, name, "c-epoll", index)),
        figure(middle(of, (round) => cpuMs(round[index]))),
        times(cpuRatio(results, name, "vertx", index)),
      ]),
    ),
  };
}

export function publishBars(results: PublishResults, connections: number): Bar[] {
  return SIZES.map((size, index) => ({
    name: `publish ${size} B to ${connections}, to Vert.x`,
    ...{ most: 0.5, got: tookRatio(results, "tenk", "vertx", index), unit: "x" },
  }));
}

/** No server that writes to each subscriber gets below the C peer; the remark states what that leaves of the bar. */
export function publishRemarks(results: PublishResults): string[] {
  const floor = tookRatio(results, "c-epoll", "vertx", 0);
  if (!(floor > 0.5)) return [];
  return [`one write() to each subscriber, in C, takes ${floor.toFixed(2)} x Vert.x: a bar of 0.5 x is below that`];
}

function tookRatio(results: PublishResults, name: string, base: string, index: number): number {
  const took = (of: string) => (results.get(of) ?? []).map((round) => median(round[index]?.tookMs ?? []));
  return pairedRatio(took(name), took(base));
}

function cpuRatio(results: PublishResults, name: string, base: string, index: number): number {
  const cpu = (of: string) => (results.get(of) ?? []).map((round) => cpuMs(round[index]));
  return pairedRatio(cpu(name), cpu(base));
}

function cpuMs(run: PublishRun | undefined): number {
  return run === undefined ? Number.NaN : run.serverMs / run.tookMs.length;
}
