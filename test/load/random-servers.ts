/** Servers that do as a seed says, and log what they did; and plans to run against them. */
import type { TcpOptions } from "../../src/load/mod.ts";
import { type Connection, listen, type Server } from "../../src/net/mod.ts";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** How a server treats a request, each with its share; the rest is answered at once. */
interface Habits {
  readonly late: number;
  readonly never: number;
  readonly twice: number;
  readonly split: number;
  readonly reset: number;
  readonly halfClose: number;
  readonly close: number;
  /** Says a line that nobody asked for when a connection opens. */
  readonly babble: number;
  /** Stops reading for a while when a connection opens, and resets some of those. */
  readonly pause: number;
}

/** What a server knows of a run. */
export interface ServerLog {
  opened: number;
  /** Whole requests read. */
  requests: number;
  /** Replies written, babble among them. */
  replies: number;
  babbled: number;
  resets: number;
  ends: number;
  /** Bytes read. */
  bytes: number;
  /** Requests may have reached its kernel that it did not read. */
  mayHaveUnread: boolean;
  /** Replies may not have reached the other side. */
  mayHaveLost: boolean;
}

interface Peer {
  readonly random: () => number;
  over: boolean;
}

function habitsOf(random: () => number): Habits {
  const some = (most: number) => (random() < 0.5 ? 0 : random() * most);
  return {
    late: some(0.6),
    never: some(0.1),
    twice: some(0.15),
    split: some(0.4),
    reset: some(0.02),
    halfClose: some(0.02),
    close: some(0.02),
    babble: some(0.5),
    pause: some(0.5),
  };
}

/** Requests end with a newline, replies are lines too. */
export async function randomServer(seed: number): Promise<AsyncDisposable & { server: Server; log: ServerLog }> {
  const random = randomOf(seed);
  const habits = habitsOf(random);
  const log: ServerLog = {
    opened: 0,
    requests: 0,
    replies: 0,
    babbled: 0,
    resets: 0,
    ends: 0,
    bytes: 0,
    mayHaveUnread: false,
    mayHaveLost: false,
  };

  function reply(connection: Connection<Peer>): void {
    const isSplit = connection.data.random() < habits.split;
    if (connection.data.over || connection.write(isSplit ? "ye" : "yes\n") === 0) {
      log.mayHaveLost = true;
      return;
    }
    if (!isSplit) log.replies += 1;
    else
      setTimeout(() => {
        if (connection.write("s\n") > 0) log.replies += 1;
        else log.mayHaveLost = true;
      }, 3);
  }

  function reset(connection: Connection<Peer>): void {
    log.resets += 1;
    log.mayHaveLost = true;
    log.mayHaveUnread = true;
    connection.data.over = true;
    connection.reset();
  }

  function answer(connection: Connection<Peer>): void {
    const { data } = connection;
    let dice = data.random();
    const isNow = (share: number) => {
      dice -= share;
      return dice < 0;
    };
    if (isNow(habits.never)) return;
    if (isNow(habits.late)) return void setTimeout(() => reply(connection), 1 + data.random() * 60);
    if (isNow(habits.reset)) {
      reset(connection);
      return;
    }
    reply(connection);
    if (isNow(habits.twice)) reply(connection);
    else if (isNow(habits.halfClose)) {
      log.ends += 1;
      log.mayHaveLost = true;
      data.over = true;
      connection.end();
    } else if (isNow(habits.close)) {
      log.ends += 1;
      log.mayHaveLost = true;
      log.mayHaveUnread = true;
      data.over = true;
      connection.close();
    }
  }

  const server = await listen<Peer>(
    { host: "127.0.0.1", halfOpen: true, receiveBufferBytes: 65_536 },
    {
      open(connection) {
        connection.data = { random: randomOf(seed * 7919 + log.opened), over: false };
        log.opened += 1;
        if (connection.data.random() < habits.babble) {
          log.babbled += 1;
          reply(connection);
        }
        if (connection.data.random() >= habits.pause) return;
        connection.pause();
        const isReset = connection.data.random() < 0.5;
        setTimeout(() => (isReset ? reset(connection) : connection.resume()), 20 + connection.data.random() * 80);
      },
      chunk(connection, bytes) {
        log.bytes += bytes.length;
        for (const byte of bytes) {
          if (byte !== 10) continue;
          log.requests += 1;
          if (!connection.data.over) answer(connection);
        }
      },
      end(connection) {
        connection.end();
      },
    },
  );
  return { server, log, [Symbol.asyncDispose]: () => server.stop({ graceMs: 0 }) };
}

/** A plan for the same seed: at a rate or not, piped or not, with small messages or such as wait in a connection. */
export function randomPlan(seed: number): TcpOptions {
  const random = randomOf(seed + 1_000_003);
  const pick = <Value>(...values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  const text = pick(
    "ping\\n",
    "\\{connection.uid} \\{re [a-z]{3,30}}\\n",
    `${"x".repeat(3000)}\\n`,
    `${"x".repeat(60_000)}\\n`,
  );
  const isLong = text.length > 1000;
  return {
    connections: 1 + Math.floor(random() * 6),
    durationMs: 100 + random() * 150,
    drainMs: 700,
    ...pick<TcpOptions>(
      { ratePerConnection: isLong ? 40 : 120 },
      { ratePerConnection: 40, shape: "poisson" },
      { totalRate: 200 },
      { pipeline: 1 },
    ),
    ...pick<TcpOptions>(
      {},
      { pipeline: 1 },
      { pipeline: 4 },
      { maxOutstanding: 5, pipeline: 3 },
      { maxOutstanding: 3 },
    ),
    ...pick<TcpOptions>({}, {}, { reconnect: true }, { channelLifetimeMs: 60 }, { delaySendMs: 30, reconnect: true }),
    ...(isLong ? { sendBufferBytes: 65_536 } : {}),
    dropAfterMs: pick(60, 2000),
    lateAfterMs: 20,
    messages: [{ kind: "text", text, first: false, unescape: true }],
    replies: { kind: "delimiter", text: new TextEncoder().encode("\n") },
  };
}
