import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../test/net/self-signed.ts";
import type { Bar } from "./bars.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { type Running, start } from "./process.ts";
import { type Measured, middle } from "./rounds.ts";
import { measureInTurn } from "./stand.ts";
import { figure, type Table, withRange } from "./table.ts";

/** What a side that asked for some seconds prints. */
export interface UpstreamStretch {
  readonly answered: number;
  readonly failed: number;
  readonly cpuUs: number;
  readonly tookMs: number;
}
export type UpstreamResults = ReadonlyMap<string, readonly UpstreamStretch[]>;

const PROTOCOLS = ["udp", "tcp", "tls", "https"] as const;
/** Microseconds of CPU a query. */
const BARS: Readonly<Record<string, number>> = { tls: 15, https: 45 };
const START_MS = 15_000;

const PEERS: readonly Measured[] = PROTOCOLS.map((name) => ({
  name,
  prepare: () => undefined,
  version: () => "tenk as in src/",
}));

/** What a query to an upstream costs the side that asks. The server is a process of its own that answers at once. */
export const DNS_UPSTREAM: Bench = {
  peers: PEERS,
  prepare: () => undefined,
  async measure(options, log) {
    const visit = (place: Asking) => place.ask(options.seconds);
    const outcome = await measureInTurn(
      { peers: PEERS, open: ({ name }) => Asking.open(name, options), visit },
      options,
      log,
    );
    const { connections } = options;
    return {
      plan: `${connections} queries in flight to an upstream that answers at once, ${options.seconds} s ${roundsOf(options)}`,
      ...{
        outcome,
        table: upstreamTable(outcome.results),
        bars: upstreamBars(outcome.results),
        remarks: lostRemarks(outcome.results),
      },
    };
  },
};

/** A server and the side that asks it. */
class Asking {
  readonly #server: Running;
  readonly #asker: Running;
  readonly #folder: string;

  private constructor(server: Running, asker: Running, folder: string) {
    this.#server = server;
    this.#asker = asker;
    this.#folder = folder;
  }

  static async open(protocol: string, { connections, warmUpSeconds, pin }: BenchOptions): Promise<Asking> {
    const folder = mkdtempSync(join(tmpdir(), "tenk-dns-upstream-"));
    const { cert, key } = selfSigned(folder, "own");
    const words = (script: string) => [process.execPath, join(import.meta.dirname, script)];
    const server = start([...words("dns-upstream-server.ts"), protocol, cert, key], pin ? 0 : undefined);
    const port = await server.nextLine(START_MS);
    const address = `${protocol}://127.0.0.1:${port}`;
    const asker = start([...words("dns-upstream-asker.ts"), address, cert, String(connections)], pin ? 1 : undefined);
    await asker.nextLine(START_MS);
    const asking = new Asking(server, asker, folder);
    await asking.ask(warmUpSeconds);
    return asking;
  }

  async ask(seconds: number): Promise<UpstreamStretch> {
    this.#asker.write(String(seconds));
    return JSON.parse(await this.#asker.nextLine(seconds * 1000 + START_MS)) as UpstreamStretch;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#asker.stop(), this.#server.stop()]);
    rmSync(this.#folder, { recursive: true });
  }
}

export function upstreamTable(results: UpstreamResults): Table {
  return {
    head: ["by", "CPU us/query", "queries/s"],
    rows: [...results].map(([name, rounds]) => [
      name,
      withRange(rounds.map(cpuUsPerQuery)),
      figure(middle(rounds, ({ answered, tookMs }) => (answered * 1000) / tookMs)),
    ]),
  };
}

export function upstreamBars(results: UpstreamResults): Bar[] {
  return Object.entries(BARS).map(([name, most]) => ({
    ...{ name: `CPU of a query by ${name}`, most, unit: "us" },
    got: middle(results.get(name), cpuUsPerQuery),
  }));
}

export function lostRemarks(results: UpstreamResults): string[] {
  return [...results].flatMap(([name, rounds]) => {
    const failed = rounds.reduce((total, round) => total + round.failed, 0);
    return failed === 0 ? [] : [`${name}: ${failed} queries got no answer`];
  });
}

function cpuUsPerQuery({ cpuUs, answered }: UpstreamStretch): number {
  return cpuUs / answered;
}
