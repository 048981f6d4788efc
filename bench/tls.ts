import { buildGo, compileC, product } from "./build.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { haproxy, makeTlsFiles, nginx, TLS_FILES } from "./proxies.ts";
import { goRoom, nodeRoom, tenk, vertxRoom } from "./rooms.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { measureInTurn, type Served, Stand } from "./stand.ts";
import { figure, type Table, times, withRange } from "./table.ts";

/** Enough handshakes at a time that a server always has one to continue with. */
const UNDER_WAY = 16;
/** How much longer than requested a warm-up may take; it ends after a second with less improvement than this. */
const MOST_WARM_UPS = 5;
const STILL_CHEAPER = 0.95;
/** Time for a server to notice that a client left. */
const SETTLE_MS = 500;

export interface TlsRound {
  /** New connection, handshake, one byte there and back, close. */
  readonly handshakes: { readonly handshakes: number; readonly failed: number; readonly serverMs: number };
  /** One connection, echoed: each byte is decrypted and encrypted. */
  readonly bulk: { readonly bytes: number; readonly tookMs: number; readonly serverMs: number };
  /** Constant over the rounds, so measured once. */
  readonly idleBytesPerConnection: number;
}

export type TlsResults = ReadonlyMap<string, readonly TlsRound[]>;

const WORDS = [TLS_FILES.cert, TLS_FILES.key];
const SERVED: readonly Served[] = [
  tenk(() => ({ handler: "echo", tls: { cert: TLS_FILES.cert, key: TLS_FILES.key } })),
  nodeRoom("node", "tls", WORDS),
  goRoom("tls", WORDS),
  vertxRoom("vertx", "tls", WORDS),
  haproxy(TLS_FILES),
  nginx(TLS_FILES),
];
/** They forward to a plain echo server. */
const PROXIES = ["haproxy", "nginx"];

export const TLS: Bench = {
  peers: SERVED,
  prepare: () => makeTlsFiles() ?? compileC("room-epoll") ?? buildGo("go-tls-client", "go-tls-client"),
  async measure(options, log) {
    const outcome = await measureInTurn(
      { peers: SERVED, open: (peer) => TlsPlace.open(peer, options), visit: (place) => place.visit() },
      options,
      log,
    );
    const { connections, seconds } = options;
    return {
      plan: `TLS 1.3, ECDSA P-256, X25519, no resumption: handshakes with ${UNDER_WAY} under way, ${connections} idle connections, an echo in bulk, ${seconds} s each ${roundsOf(options)}`,
      ...{ outcome, table: tlsTable(outcome.results), bars: [], remarks: tlsRemarks(outcome.results) },
    };
  },
};

class TlsPlace {
  readonly #stand: Stand;
  readonly #seconds: number;
  #idleBytesPerConnection = Number.NaN;

  private constructor(stand: Stand, seconds: number) {
    this.#stand = stand;
    this.#seconds = seconds;
  }

  static async open(peer: Served, options: BenchOptions): Promise<TlsPlace> {
    const client = ({ port }: { port: number }) => [product("go-tls-client"), String(port)];
    const echo = ({ backendPort }: { backendPort: number }) => [product("room-epoll"), "echo", String(backendPort)];
    const stand = await Stand.open(peer, options, client, PROXIES.includes(peer.name) ? echo : undefined);
    try {
      const place = new TlsPlace(stand, options.seconds);
      await place.#readMemory(options.connections);
      await place.#warmUp(options);
      return place;
    } catch (error) {
      await stand.stop();
      throw error;
    }
  }

  /** Continues while handshakes still become cheaper: a just-in-time compiler needs time for so much code. */
  async #warmUp({ warmUpSeconds }: BenchOptions): Promise<void> {
    let beforeUs = Number.POSITIVE_INFINITY;
    for (let second = 1; second <= warmUpSeconds * MOST_WARM_UPS; second++) {
      const handshakes = await this.#stand.spend<Omit<TlsRound["handshakes"], "serverMs">>(`handshakes 1 ${UNDER_WAY}`);
      if (handshakes.handshakes === 0) throw new Error("no handshake succeeded");
      const us = cpuUsPerHandshake({ handshakes });
      if (second >= warmUpSeconds && us > beforeUs * STILL_CHEAPER) break;
      beforeUs = us;
    }
    await this.#stand.request(`bulk ${warmUpSeconds}`);
    await Bun.sleep(SETTLE_MS);
  }

  /** Measured before the warm-up: idle connections would fit into the heap that it leaves, and look free. */
  async #readMemory(count: number): Promise<void> {
    await this.#stand.request("idle 50");
    await this.#stand.request("close");
    await Bun.sleep(SETTLE_MS);
    const emptyBytes = this.#stand.anonymousBytes();
    const { connected } = await this.#stand.request<{ connected: number }>(`idle ${count}`);
    await Bun.sleep(1000);
    this.#idleBytesPerConnection = (this.#stand.anonymousBytes() - emptyBytes) / connected;
    await this.#stand.request("close");
    await Bun.sleep(SETTLE_MS);
  }

  async visit(): Promise<TlsRound> {
    const handshakes = await this.#stand.spend<Omit<TlsRound["handshakes"], "serverMs">>(
      `handshakes ${this.#seconds} ${UNDER_WAY}`,
    );
    const bulk = await this.#stand.spend<Omit<TlsRound["bulk"], "serverMs">>(`bulk ${this.#seconds}`);
    await Bun.sleep(SETTLE_MS);
    return { handshakes, bulk, idleBytesPerConnection: this.#idleBytesPerConnection };
  }

  stop(): Promise<void> {
    return this.#stand.stop();
  }
}

export function tlsTable(results: TlsResults): Table {
  return {
    head: [
      ...["server", "handshakes per CPU s", "CPU us/handshake", "to HAProxy", "to Vert.x"],
      ...["idle B/connection", "echo, CPU ms/MB", "to Vert.x", "MB/s"],
    ],
    rows: [...results].map(([name, of]) => [
      name,
      figure(1e6 / middle(of, cpuUsPerHandshake)),
      withRange(of.map(cpuUsPerHandshake)),
      times(ratio(results, name, "haproxy", cpuUsPerHandshake)),
      times(ratio(results, name, "vertx", cpuUsPerHandshake)),
      figure(middle(of, (round) => round.idleBytesPerConnection)),
      withRange(of.map(cpuMsPerMb)),
      times(ratio(results, name, "vertx", cpuMsPerMb)),
      figure(middle(of, ({ bulk }) => bulk.bytes / 1e3 / bulk.tookMs)),
    ]),
  };
}

export function tlsRemarks(results: TlsResults): string[] {
  return [...results].flatMap(([name, of]) => {
    const failed = of.reduce((total, { handshakes }) => total + handshakes.failed, 0);
    return failed === 0 ? [] : [`${name}: ${failed} handshakes failed`];
  });
}

function ratio(results: TlsResults, name: string, base: string, of: (round: TlsRound) => number): number {
  return pairedRatio((results.get(name) ?? []).map(of), (results.get(base) ?? []).map(of));
}

function cpuUsPerHandshake({ handshakes }: Pick<TlsRound, "handshakes">): number {
  return (handshakes.serverMs * 1000) / handshakes.handshakes;
}

function cpuMsPerMb({ bulk }: TlsRound): number {
  return bulk.serverMs / (bulk.bytes / 1e6);
}
