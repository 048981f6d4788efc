import { mkdirSync, rmSync } from "node:fs";
import { compileC, product } from "./build.ts";
import { loadCommand, runLoad } from "./http-load.ts";
import { HTTP_PEERS } from "./http-peers.ts";
import { accessLog } from "./http-settings.ts";
import { CASES, type Case, type HttpRound, httpBars, httpRemarks, httpTables, type Spent } from "./http-table.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { isInstalled } from "./process.ts";
import { makeTlsFiles } from "./proxies.ts";
import { measureInTurn, type Served, Stand } from "./stand.ts";

/** Requests per second where latency is measured: below what the slowest can do with a log. */
const RATE = 8000;
/** Connections of the fixed rate. */
const RATE_CONNECTIONS = 64;
/**
 * Unmeasured load before each case: a JIT compiler discards code that has not run for a minute, and the other proxies take longer than
 * that.
 */
const LEAD_IN_SECONDS = 1;
/** Time for a server to close what its clients left. */
const SETTLE_MS = 500;
const SAMPLE_MS = 50;

export const HTTP: Bench = {
  peers: HTTP_PEERS,
  prepare() {
    const missing = ["wrk", "h2load"].find((program) => !isInstalled(program));
    if (missing !== undefined) return `${missing} is not installed (apt-get install wrk nghttp2-client)`;
    return makeTlsFiles() ?? compileC("http-upstream") ?? compileC("http-client", ["-lssl", "-lcrypto"]);
  },
  async measure(options, log) {
    const outcome = await measureInTurn(
      { peers: HTTP_PEERS, open: (peer) => HttpPlace.open(peer, options), visit: (place) => place.visit() },
      options,
      log,
    );
    const { connections, size, seconds } = options;
    const [table, ...further] = httpTables(outcome.results, size);
    return {
      plan: `wrk with 64 connections and h2load -c 8 -m 32 for ${seconds} s each, then ${RATE} requests/s, ${connections} idle connections and ${size} MiB through a slow peer ${roundsOf(options)}`,
      ...{ outcome, table: table!, further, bars: httpBars(outcome.results, size) },
      remarks: httpRemarks(outcome.results),
    };
  },
};

class HttpPlace {
  readonly #stand: Stand;
  readonly #options: BenchOptions;
  #idle = { residentBytes: Number.NaN, bytesPerConnection: Number.NaN };
  #slow: HttpRound["slow"] = { downBytes: Number.NaN, upBytes: Number.NaN };

  private constructor(stand: Stand, options: BenchOptions) {
    this.#stand = stand;
    this.#options = options;
  }

  static async open(peer: Served, options: BenchOptions): Promise<HttpPlace> {
    mkdirSync(product("settings"), { recursive: true });
    const stand = await Stand.open(
      peer,
      options,
      ({ port, tlsPort }) => [product("http-client"), String(port), String(tlsPort)],
      ({ backendPort }) => [product("http-upstream"), String(backendPort)],
    );
    const place = new HttpPlace(stand, options);
    try {
      await place.#readIdle();
      for (const each of CASES) await place.#warmUp(each);
      await place.#readSlow();
      return place;
    } catch (error) {
      await place.stop();
      throw error;
    }
  }

  /** Before the warm-up: connections would fit into the heap that it leaves, and look free. */
  async #readIdle(): Promise<void> {
    const stand = this.#stand;
    await Bun.sleep(SETTLE_MS);
    const residentBytes = stand.residentBytes();
    await stand.request("idle 50 https");
    await stand.request("close");
    await Bun.sleep(SETTLE_MS);
    const emptyBytes = stand.anonymousBytes();
    const { connected } = await stand.request<{ connected: number }>(`idle ${this.#options.connections} https`);
    await Bun.sleep(1000);
    this.#idle = { residentBytes, bytesPerConnection: (stand.anonymousBytes() - emptyBytes) / connected };
    await stand.request("close");
    await Bun.sleep(SETTLE_MS);
  }

  /** Once more where nothing was answered: on a busy machine 64 TLS handshakes may take longer than a short warm-up. */
  async #warmUp(each: Case): Promise<void> {
    const { warmUpSeconds, pin } = this.#options;
    const command = this.#command(each, warmUpSeconds);
    await runLoad(command, pin).catch(() => runLoad(command, pin));
  }

  async #readSlow(): Promise<void> {
    // Once to have buffers, and code for them; then the growth is what a transfer keeps.
    await this.#grownBytes("down 16 https");
    await this.#grownBytes("up 16 https");
    const { size } = this.#options;
    this.#slow = {
      downBytes: await this.#grownBytes(`down ${size} https`),
      upBytes: await this.#grownBytes(`up ${size} https`),
    };
  }

  /** Returns by how much memory was above what it was before, at most. */
  async #grownBytes(line: string): Promise<number> {
    const beforeBytes = this.#stand.anonymousBytes();
    let mostBytes = beforeBytes;
    const sampler = setInterval(() => {
      mostBytes = Math.max(mostBytes, this.#stand.anonymousBytes());
    }, SAMPLE_MS);
    try {
      await this.#stand.request(line);
    } finally {
      clearInterval(sampler);
    }
    await Bun.sleep(SETTLE_MS);
    return mostBytes - beforeBytes;
  }

  async visit(): Promise<HttpRound> {
    const { seconds, pin } = this.#options;
    const spent: Record<string, Spent> = {};
    for (const each of CASES) {
      await runLoad(this.#command(each, LEAD_IN_SECONDS), pin);
      const command = this.#command(each, seconds);
      const beganMs = performance.now();
      let load = { requests: 0, failed: 0 };
      const serverMs = await this.#stand.during(async () => {
        load = await runLoad(command, pin);
      });
      spent[each.name] = { ...load, serverMs, tookMs: performance.now() - beganMs };
    }
    const residentBytes = this.#stand.residentBytes();
    const atRate = await this.#stand.request<HttpRound["atRate"]>(
      `rate ${RATE} ${seconds} ${RATE_CONNECTIONS} https /small`,
    );
    const events = await this.#stand.request<HttpRound["events"]>(`events ${seconds} https`);
    await Bun.sleep(SETTLE_MS);
    return { spent, atRate, events, residentBytes, idle: this.#idle, slow: this.#slow };
  }

  async stop(): Promise<void> {
    await this.#stand.stop();
    rmSync(accessLog({ folder: product("settings"), port: this.#stand.ports.port }), { force: true });
  }

  #command({ isTls, isHttp2, path }: Case, seconds: number): string[] {
    const { port, tlsPort } = this.#stand.ports;
    return loadCommand(`${isTls ? "https" : "http"}://localhost:${isTls ? tlsPort : port}${path}`, isHttp2, seconds);
  }
}
