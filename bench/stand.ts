import { messageOf } from "../src/base/mod.ts";
import { freePort } from "./free-port.ts";
import type { BenchOptions } from "./options.ts";
import { anonymousBytesOf, cpuTimeOf, residentBytesOf } from "./proc.ts";
import { answers, type Running, start } from "./process.ts";
import { type Measured, type Outcome, ready, visits } from "./rounds.ts";

const START_MS = 20_000;
const ANSWER_MS = 120_000;

/** The server's port, a second one where it also listens for TLS, and that of the backend that a proxy forwards to. */
export interface Ports {
  readonly port: number;
  readonly tlsPort: number;
  readonly backendPort: number;
}

/** A server that a client of bench/peers can connect to. */
export interface Served extends Measured {
  /** Uses all processors also where each side is pinned to one. @default {false} */
  readonly isSpread?: boolean;
  command(ports: Ports): string[];
}

/** One server on one processor with its own client on the other, running for the whole benchmark. */
export class Stand {
  readonly name: string;
  readonly ports: Ports;
  readonly #server: Running;
  readonly #clients: Running[] = [];

  private constructor(name: string, ports: Ports, server: Running) {
    this.name = name;
    this.ports = ports;
    this.#server = server;
  }

  /** Starts both; the client first when it is the backend. `client` and `helper` return commands for the chosen ports. */
  static async open(
    peer: Served,
    options: Pick<BenchOptions, "pin">,
    client: (ports: Ports) => string[],
    helper?: (ports: Ports) => string[],
    startMs: number = START_MS,
  ): Promise<Stand> {
    const ports = { port: await freePort(), backendPort: await freePort(), tlsPort: await freePort() };
    const server = start(peer.command(ports), options.pin && !peer.isSpread ? 1 : undefined);
    const stand = new Stand(peer.name, ports, server);
    try {
      for (const command of [client, helper]) {
        if (command) stand.#clients.push(start(command(ports), options.pin ? 0 : undefined));
      }
      if (!(await answers(ports.port, startMs))) throw new Error(`did not listen: ${server.complaint()}`);
      return stand;
    } catch (error) {
      await stand.stop();
      throw error;
    }
  }

  /** Sends the client a line and returns its response. Errors include the output of both sides. */
  async request<Answer>(line: string): Promise<Answer> {
    const client = this.#clients[0]!;
    client.write(line);
    try {
      return JSON.parse(await client.nextLine(ANSWER_MS)) as Answer;
    } catch (error) {
      const complaints = [client.complaint(), this.#server.complaint()].filter(Boolean).map((text) => text.slice(-300));
      throw new Error([`at "${line}": ${messageOf(error)}`, ...complaints].join("; "));
    }
  }

  /** The same, with the server's processor time for it. */
  async spend<Answer>(line: string): Promise<Answer & { readonly serverMs: number }> {
    const beforeMs = this.#cpuMs();
    const answer = await this.request<Answer>(line);
    return { ...answer, serverMs: this.#cpuMs() - beforeMs };
  }

  /** Measures the server's processor time for something that its client does not do, in milliseconds. */
  async during(work: () => Promise<void>): Promise<number> {
    const beforeMs = this.#cpuMs();
    await work();
    return this.#cpuMs() - beforeMs;
  }

  anonymousBytes(): number {
    return anonymousBytesOf(this.#server.pid);
  }

  residentBytes(): number {
    return residentBytesOf(this.#server.pid);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#clients, this.#server].map((running) => running.stop()));
  }

  #cpuMs(): number {
    try {
      const { userMs, systemMs } = cpuTimeOf(this.#server.pid);
      return userMs + systemMs;
    } catch (error) {
      throw new Error(`the server is gone: ${this.#server.complaint().slice(-300)}`, { cause: error });
    }
  }
}

/** How a benchmark measures each of its peers. */
export interface Visiting<Peer extends Measured, Place extends { stop(): Promise<void> }, Round> {
  readonly peers: readonly Peer[];
  /** Starts one and warms it up. */
  open(peer: Peer): Promise<Place>;
  /** Measures one round of one, while the others are up and silent; `places` has all of them by name. */
  visit(place: Place, places: ReadonlyMap<string, Place>): Promise<Round>;
}

/** Starts all peers and measures each alone, in turn. A peer that fails is skipped with its error, and the run goes on. */
export async function measureInTurn<Peer extends Measured, Place extends { stop(): Promise<void> }, Round>(
  { peers, open, visit }: Visiting<Peer, Place, Round>,
  options: Pick<BenchOptions, "only" | "rounds">,
  log: (line: string) => void,
): Promise<Outcome<readonly Round[]>> {
  const { chosen, versions, skipped } = ready(peers, options.only);
  const places = new Map<string, Place>();
  const results = new Map<string, Round[]>();
  try {
    for (const peer of chosen) {
      log(`${peer.name}: start, warm-up`);
      try {
        places.set(peer.name, await open(peer));
        results.set(peer.name, []);
      } catch (error) {
        skipped[peer.name] = messageOf(error);
      }
    }
    log(`${options.rounds} rounds`);
    for (const [name, place] of visits([...places], options.rounds)) {
      if (skipped[name] !== undefined) continue;
      try {
        results.get(name)?.push(await visit(place, places));
      } catch (error) {
        skipped[name] = messageOf(error);
        results.delete(name);
      }
    }
  } finally {
    await Promise.all([...places.values()].map((place) => place.stop()));
  }
  return { results, versions, skipped };
}
