import { expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { Alerts } from "../../src/alerts/alerts.ts";
import { makeChannels } from "../../src/alerts/make-channels.ts";
import { StateFile } from "../../src/alerts/outbox/mod.ts";
import { parseConfig } from "../../src/app/mod.ts";
import { checkTcp } from "../../src/probe/checks/mod.ts";
import { probeProblems, problemKey, undecidedProblems } from "../../src/probe/monitoring/mod.ts";
import { ProbedService } from "../../src/probe/schedule/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { Sink } from "./sink.ts";

const START_MS = Date.parse("2026-11-30T22:00:00Z");
const SERVICES = 30;

/** A clock that a test moves, with the timers of services by it. */
class Clock {
  nowMs = START_MS;
  readonly #timers = new Set<{ readonly atMs: number; readonly work: () => void }>();

  later = (work: () => void, ms: number): (() => void) => {
    const timer = { atMs: this.nowMs + ms, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  step(): void {
    this.nowMs += 1000;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.nowMs || !this.#timers.delete(timer)) continue;
      timer.work();
    }
  }
}

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server that greets, and is away for a while. */
class Greeter {
  port = 0;
  #server: Server | undefined;

  async open(): Promise<void> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("hello\r\n");
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

/** Thirty services behind a router, probed for real, with a clock of its own; the way out leads through the router too. */
class Home {
  readonly clock = new Clock();
  readonly router = new Greeter();
  sink: Sink | undefined;
  sinkPort = 0;
  readonly services: ProbedService[] = [];
  alerts!: Alerts;
  readonly #seed: number;
  #probing = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  async start(): Promise<void> {
    await this.router.open();
    this.sink = await Sink.open();
    this.sinkPort = this.sink.port;
    const router = this.#service("router");
    this.services.push(router);
    for (let index = 1; index <= SERVICES; index++) this.services.push(this.#service(`s${index}`, router));
    for (const each of this.services) each.start();
    const phone = `phone: { ntfy: { server: "http://127.0.0.1:${this.sinkPort}", topic: home } }`;
    const { config } = parseConfig(`alerts: { name: pi, timeZone: UTC, channels: { ${phone} } }`, "tenk.yaml");
    const channels = makeChannels(config.alerts!.channels, { folder: "/", pageUrl: undefined, timeoutMs: 5000 });
    this.alerts = new Alerts(config.alerts!, channels, {
      log: keptLog(),
      file: new StateFile(undefined, keptLog()),
      problems: () => probeProblems(this.services),
      undecided: () => undecidedProblems(this.services),
      recheck: (keys) => {
        for (const each of this.services) if (keys.includes(problemKey(each.name))) each.hurry(0);
      },
      nowMs: () => this.clock.nowMs,
      random: randomOf(this.#seed),
    });
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.step();
      while (this.#probing > 0) await new Promise((resolve) => setImmediate(resolve));
      this.alerts.tick();
      for (const each of this.alerts.senders) await each.idle();
    }
  }

  /** The router, what is behind it and the way out go or come back at once. */
  async cut(): Promise<void> {
    await Promise.all([this.router.close(), this.sink?.[Symbol.asyncDispose]()]);
    this.sink = undefined;
  }

  async mend(): Promise<Sink> {
    await this.router.open();
    this.sink = await Sink.open(this.sinkPort);
    return this.sink;
  }

  async stop(): Promise<void> {
    for (const each of this.services) each.stop();
    await this.alerts.stop();
    await this.cut();
  }

  #service(name: string, parent?: ProbedService): ProbedService {
    const seed = this.#seed * 1000 + this.services.length;
    return new ProbedService({
      name,
      check: async (signal) => {
        this.#probing += 1;
        const outcome = await checkTcp({ host: "127.0.0.1", port: this.router.port, timeoutMs: 5000, signal });
        // What follows from it happens in the same second.
        setImmediate(() => {
          this.#probing -= 1;
        });
        return outcome;
      },
      log: keptLog(),
      nowMs: () => this.clock.nowMs,
      random: randomOf(seed),
      later: this.clock.later,
      children: () => this.services.filter((each) => each.parent === name),
      ...(parent && { parent: () => parent }),
    });
  }
}

test.each([1, 2, 3])(
  "thirty services behind a router that is away for ten minutes, and the way out with it: one message, afterwards, with the right times (seed %d)",
  async (seed) => {
    const home = new Home(seed);
    await home.start();
    const before = home.sink!;
    await home.pass(14 * 60);
    expect(home.services.map(({ state }) => state)).toEqual(home.services.map(() => "up"));
    expect(before.received).toEqual([]);
    await home.cut();
    await home.pass(10 * 60);
    expect(home.alerts.senders[0]!.counts).toMatchObject({ sent: 0, failed: expect.any(Number) });
    const after = await home.mend();
    await home.pass(20 * 60);
    expect(home.services.map(({ state }) => state)).toEqual(home.services.map(() => "up"));
    expect(after.received.length).toBe(1);
    const { title, message } = after.bodies[0];
    const [line, note, ...more] = (message as string).split("\n");
    expect(title).toMatch(/^pi: router was down 22:14–22:24$/);
    expect(line).toMatch(/^router was down 22:14–22:24 \(\d+m( \d+s)?\): .+ \[behind it: 30 more, s\d+, .* …\]$/);
    expect(note).toMatch(/^Told late: no message got out 22:1[45]–22:\d\d \(.+\)$/);
    expect(more).toEqual([]);
    expect(home.alerts.incidents.list).toEqual([]);
    await home.stop();
  },
  60_000,
);
