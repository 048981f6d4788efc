import type { Bar } from "./bars.ts";
import { compileC } from "./build.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { PEERS, type Peer } from "./peers.ts";
import { type Outcome, pairedRatio, ready, visits } from "./rounds.ts";
import { type ServerResult, ServerUnderTest } from "./server.ts";
import { figure, median, type Table, times, withRange } from "./table.ts";

const BURSTS = 3;

export const TCP: Bench = {
  peers: PEERS,
  prepare: () => compileC("sender-epoll"),
  async measure(options, log) {
    const { connections, perSecond, size, seconds } = options;
    const outcome = await measureServers(PEERS, options, log);
    return {
      plan: `${connections} connections x ${perSecond} messages/s of ${size} B for ${seconds} s a round ${roundsOf(options)}`,
      ...{ outcome, table: serverTable(outcome.results), bars: serverBars(outcome.results) },
      remarks: serverRemarks(outcome.results, options),
    };
  },
};

export type ServerResults = ReadonlyMap<string, ServerResult>;

/** Starts all servers and measures each alone, in turn: slices of load first, then bursts of connects on warm code. */
export async function measureServers(
  peers: readonly Peer[],
  options: BenchOptions,
  log: (line: string) => void,
): Promise<Outcome<ServerResult>> {
  const { chosen, versions, skipped } = ready(peers, options.only);
  const up: ServerUnderTest[] = [];
  const results = new Map<string, ServerResult>();
  try {
    for (const peer of chosen) {
      log(`${peer.name}: start, memory, warm-up`);
      await ServerUnderTest.open(peer, options).then(
        (server) => up.push(server),
        (error: Error) => {
          skipped[peer.name] = error.message;
        },
      );
    }
    log(`CPU, ${options.rounds} rounds`);
    let spareSlices = options.rounds * up.length;
    for (const server of visits(up, options.rounds)) while (!(await server.slice()) && spareSlices-- > 0);
    log(`bursts, ${BURSTS} rounds`);
    for (const server of visits(up, BURSTS)) await server.burst();
    for (const server of up) results.set(server.peer.name, await server.result());
  } finally {
    await Promise.all(up.map((server) => server.stop()));
  }
  return { results, versions, skipped };
}

export function serverTable(results: ServerResults): Table {
  return {
    head: [
      ...["server", "CPU us/message", "of it user", "to C epoll", "to Vert.x"],
      ...["idle B/connection", "loaded B/connection", "empty MB", "burst ms", "to C epoll"],
    ],
    rows: [...results].map(([name, result]) => [
      name,
      withRange(result.slices.map((slice) => slice.cpuUsPerMessage)),
      figure(median(result.slices.map((slice) => slice.userUsPerMessage))),
      times(cpuRatio(results, name, "c-epoll")),
      times(cpuRatio(results, name, "vertx")),
      figure(result.idleBytesPerConnection),
      figure(result.loadedBytesPerConnection),
      figure(result.emptyBytes / 1e6),
      withRange(result.bursts.map((burst) => burst.heldMs)),
      times(burstRatio(results, name, "c-epoll")),
    ]),
  };
}

/** Returns problems that make the figures unreliable; empty is good. */
export function serverRemarks(results: ServerResults, options: BenchOptions): string[] {
  return [...results].flatMap(([name, result]) => {
    const missing = options.rounds - result.slices.length;
    const bytesSent = result.messagesSent * options.size;
    return [
      ...(missing > 0 ? [`${name}: ${missing} of ${options.rounds} slices are missing, the sender was late`] : []),
      ...(result.bytesReceived === bytesSent ? [] : [`${name}: got ${result.bytesReceived} of ${bytesSent} bytes`]),
      ...(result.failedConnects > 0 ? [`${name}: ${result.failedConnects} connects failed`] : []),
    ];
  });
}

export function serverBars(results: ServerResults): Bar[] {
  const idle = results.get("tenk")?.idleBytesPerConnection ?? Number.NaN;
  return [
    { name: "sink, CPU per message, to C epoll", most: 1.1, got: cpuRatio(results, "tenk", "c-epoll"), unit: "x" },
    { name: "sink, CPU per message, to Vert.x", most: 0.5, got: cpuRatio(results, "tenk", "vertx"), unit: "x" },
    { name: "user memory per idle connection", most: 1600, got: idle, unit: "B" },
    { name: "burst of connects, to C epoll", most: 1.5, got: burstRatio(results, "tenk", "c-epoll"), unit: "x" },
  ];
}

function cpuRatio(results: ServerResults, name: string, base: string): number {
  const cpu = (of: string) => (results.get(of)?.slices ?? []).map((slice) => slice.cpuUsPerMessage);
  return pairedRatio(cpu(name), cpu(base));
}

function burstRatio(results: ServerResults, name: string, base: string): number {
  const held = (of: string) => (results.get(of)?.bursts ?? []).map((burst) => burst.heldMs);
  return pairedRatio(held(name), held(base));
}
