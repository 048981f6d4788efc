/**
 * Everything at once, against what must hold whatever is done: many connections, each way of arriving (clear, TLS, behind a
 * PROXY header, both), random calls from outside and from within every callback. `TENK_RUNS=1000` runs it longer.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import fc from "fast-check";
import { type Connection, type Handler, type ListenerCounts, type ListenOptions, listen } from "../../src/net/mod.ts";
import { lengthPrefixed, lines } from "../../src/wire/mod.ts";
import { until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const TLS = { cert: fixture("first-cert"), key: fixture("first-key"), handshakeMs: 2000 };
const ca = readFileSync(fixture("ca-cert"));

/** What a connection does to itself, also from within its own callbacks. */
const ACTS = {
  nothing: () => {},
  close: (connection) => connection.close(),
  reset: (connection) => connection.reset(),
  end: (connection) => connection.end(),
  pause: (connection) => connection.pause(),
  resume: (connection) => connection.resume(),
  small: (connection) => connection.write("hello\n"),
  large: (connection) => connection.write(new Uint8Array(90_000)),
  subscribe: (connection) => connection.subscribe("news"),
  unsubscribe: (connection) => connection.unsubscribe("news"),
  publish: (connection) => connection.publish("news", "what is new\n"),
  publishLarge: (connection) => connection.publish("news", new Uint8Array(70_000)),
  fail: () => {
    throw new Error("on purpose");
  },
  reject: () => Promise.reject(new Error("on purpose")),
  framed: (connection) => {
    connection.handler = { ...connection.handler, framing: lines(), frame: () => {} };
  },
  unframed: (connection) => {
    const { frame: _, framing: __, ...rest } = connection.handler;
    connection.handler = rest;
  },
  prefixed: (connection) => {
    if (connection.handler.frame) connection.setFraming(lengthPrefixed({ maxBytes: 100 }));
  },
  startTls: (connection) => connection.startTls({ ...TLS, handshakeMs: 50 }).catch(() => {}),
} satisfies Record<string, (connection: Connection<Life>) => unknown>;
type Act = keyof typeof ACTS;

const EVENTS = ["open", "chunk", "frame", "drain", "end", "shutdown", "close"] as const;
type Event = (typeof EVENTS)[number];

/** What became of one connection. */
interface Life {
  opens: number;
  closes: number;
  afterClose: string[];
}

interface Plan {
  secure: boolean;
  proxied: boolean;
  options: ListenOptions;
  /** What is done in each event. */
  within: Partial<Record<Event, Act[]>>;
  steps: Step[];
}
type Step =
  | { do: "connect" | "silent" | "garbage" | "turn" | "wait" | "replace" | "limits" | "publish" }
  | { do: "act"; which: number; act: Act }
  | { do: "peer"; which: number; how: PeerAct };
type PeerAct = "write" | "lines" | "end" | "destroy" | "pause" | "resume";

const ENDING: readonly Act[] = ["close", "reset", "end", "fail", "reject"];
const lasting = (Object.keys(ACTS) as Act[]).filter((each) => !ENDING.includes(each));
const act = fc.oneof(
  { weight: 7, arbitrary: fc.constantFrom(...lasting) },
  { weight: 1, arbitrary: fc.constantFrom(...ENDING) },
);
const which = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: "connect" }) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom("silent", "garbage", "turn", "wait", "wait", "wait", "replace", "limits", "publish")
      .map((each): Step => ({ do: each as "turn" })),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("act" as const), which, act }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("peer" as const),
      which,
      how: fc.constantFrom("write", "write", "lines", "lines", "end", "destroy", "pause", "resume"),
    }),
  },
);
const plan: fc.Arbitrary<Plan> = fc.record({
  secure: fc.boolean(),
  proxied: fc.boolean(),
  options: fc.record({
    halfOpen: fc.boolean(),
    subscribers: fc.record({
      maxQueuedBytes: fc.constantFrom(0, 1000, 200_000),
      whenFull: fc.constantFrom("drop-oldest", "drop-newest", "close"),
    }),
    writeQueueHighBytes: fc.constantFrom(16_384, 50_000),
    writeQueueMaxBytes: fc.constantFrom(50_000, 300_000),
    sendBufferBytes: fc.constantFrom(0, 4096),
  }) as fc.Arbitrary<ListenOptions>,
  within: fc.record(Object.fromEntries(EVENTS.map((event) => [event, fc.array(act, { maxLength: 3 })])), {
    requiredKeys: [],
  }) as fc.Arbitrary<Plan["within"]>,
  steps: fc.array(step, { minLength: 5, maxLength: 60, size: "max" }),
});

class Bench {
  readonly lives: Life[] = [];
  readonly connections: Connection<Life>[] = [];
  readonly peers: Socket[] = [];
  readonly handlers: { stopped: number }[] = [];
  readonly #plan: Plan;

  constructor(given: Plan) {
    this.#plan = given;
  }

  handler(): Handler<Life> {
    const seen = { stopped: 0 };
    this.handlers.push(seen);
    const handler: Handler<Life> = {
      stopped: () => {
        seen.stopped += 1;
      },
    };
    for (const event of ["open", "close", ...(Object.keys(this.#plan.within) as Event[])] as const) {
      if (event === "frame") handler.framing = lines({ maxBytes: 5000 });
      handler[event] = (connection: Connection<Life>) => this.#told(event, connection) as undefined;
    }
    return handler;
  }

  #told(event: Event, connection: Connection<Life>): unknown {
    if (event === "open") {
      connection.data = { opens: 0, closes: 0, afterClose: [] };
      this.lives.push(connection.data);
      this.connections.push(connection);
      connection.data.opens += 1;
    }
    const { data: life } = connection;
    if (life.closes > 0) life.afterClose.push(event);
    if (event === "close") life.closes += 1;
    const promises: Promise<unknown>[] = [];
    for (const each of this.#plan.within[event] ?? []) {
      const result: unknown = ACTS[each](connection);
      if (!(result instanceof Promise)) continue;
      // One that follows may throw, and then nobody would watch this one.
      result.catch(() => {});
      promises.push(result);
    }
    return promises.length === 0 ? undefined : Promise.all(promises);
  }

  connect(port: number, how: "good" | "silent" | "garbage"): void {
    const { proxied, secure } = this.#plan;
    const raw = createConnection({ host: "127.0.0.1", port });
    raw.on("error", () => {});
    if (how === "garbage") raw.write(Buffer.from("\x16\x03\x01 nothing that anybody knows\r\n"));
    if (how !== "good") {
      this.peers.push(raw);
      return;
    }
    if (proxied) raw.write("PROXY TCP4 192.0.2.1 192.0.2.2 1000 2000\r\n");
    const peer = secure ? tlsConnect({ socket: raw, ca, servername: "first.test" }) : raw;
    peer.on("error", () => {});
    peer.on("data", () => {});
    peer.write("first words\n");
    this.peers.push(peer);
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const sum = (record: Record<string, number>) => Object.values(record).reduce((total, each) => total + each, 0);

function mustAddUp(counts: ListenerCounts): void {
  expect(counts.active + sum(counts.closed)).toBe(counts.accepted);
  for (const each of [counts.active, counts.pending, counts.writeQueueBytes, counts.subscriptions]) {
    expect(each).toBeGreaterThanOrEqual(0);
  }
  expect(counts.pending).toBeLessThanOrEqual(counts.active);
}

async function perform(given: Plan): Promise<void> {
  const bench = new Bench(given);
  const { secure, proxied, options } = given;
  const proxyProtocol = { trusted: ["127.0.0.1"], timeoutMs: 1000 };
  const server = await listen(
    { host: "127.0.0.1", ...options, ...(secure ? { tls: TLS } : {}), ...(proxied ? { proxyProtocol } : {}) },
    bench.handler(),
  );
  const rates = [
    { readBytesPerSecond: 0, writeBytesPerSecond: 0, totalWriteBytesPerSecond: 0 },
    { readBytesPerSecond: 100_000, writeBytesPerSecond: 0 },
    { readBytesPerSecond: 0, writeBytesPerSecond: 200_000, totalWriteBytesPerSecond: 500_000 },
  ];
  let changes = 0;
  for (const each of given.steps) {
    if (each.do === "connect") {
      const { accepted } = server.counts();
      bench.connect(server.port, "good");
      await until(() => server.counts().accepted > accepted);
    }
    if (each.do === "silent" || each.do === "garbage") bench.connect(server.port, each.do);
    else if (each.do === "turn") await turn();
    else if (each.do === "wait") await new Promise((resolve) => setTimeout(resolve, 5));
    else if (each.do === "replace") await server.replaceHandler(bench.handler() as Handler);
    else if (each.do === "limits") server.update(rates[changes++ % rates.length]!);
    else if (each.do === "publish") server.publish("news", "to everybody\n");
    else if (each.do === "act") {
      const { which: place, act: what } = each as { which: number; act: Act };
      const connection = bench.connections[place % Math.max(1, bench.connections.length)];
      if (connection === undefined) continue;
      try {
        void Promise.resolve(ACTS[what](connection)).catch(() => {});
      } catch {}
    } else {
      const { which: place, how } = each as { which: number; how: PeerAct };
      const peer = bench.peers[place % Math.max(1, bench.peers.length)];
      if (peer === undefined || peer.destroyed) continue;
      if (how === "write") peer.write(Buffer.alloc(20_000, "x"));
      else if (how === "lines") peer.write("one\ntwo\nthree\nfo");
      else peer[how]();
    }
    mustAddUp(server.counts());
  }
  await server.stop({ graceMs: 60 });
  const counts = server.counts();
  mustAddUp(counts);
  expect(counts).toMatchObject({ active: 0, pending: 0, writeQueueBytes: 0, subscriptions: 0 });
  for (const { opens, closes, afterClose } of bench.lives) {
    expect({ opens, closes, afterClose }).toEqual({ opens: 1, closes: 1, afterClose: [] });
  }
  expect(bench.handlers.map(({ stopped }) => stopped)).toEqual(bench.handlers.map(() => 1));
  // Nobody's descriptor is left: each peer is told of its end.
  for (const peer of bench.peers) peer.resume();
  try {
    await until(() => bench.peers.every(({ closed, readableEnded }) => closed || readableEnded));
  } finally {
    for (const peer of bench.peers) peer.destroy();
  }
}

test("whatever is done, counts add up and every connection ends once", async () => {
  await fc.assert(fc.asyncProperty(plan, perform), { numRuns: Number(process.env.TENK_RUNS ?? 20) });
}, 600_000);
