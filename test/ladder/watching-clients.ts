/**
 * Clients that notice everything: they hold connections, open others all the time, and ask a name server. Started with the ports of
 * a TCP listener that echoes, of HTTPS and of DNS, how many connections to hold, and a folder. There it writes `ready` when all are
 * held, and what happened to `result.json` once there is a file `stop`.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Connection, connect } from "../../src/net/mod.ts";
import { queryBytes } from "../dns/queries.ts";

export interface Watched {
  /** Connections and queries that were answered, by kind. */
  readonly answered: Record<string, number>;
  /** Those that were not, and why. */
  readonly failures: string[];
  /** Of the held connections: those that were closed, by reason, and those that still echo. */
  readonly heldEnds: Record<string, number>;
  readonly heldEchoes: number;
  /** The longest that a client waited for its answer. */
  readonly longestMs: number;
}

const [tcp, https, dns, held, folder = ""] = process.argv
  .slice(2)
  .map((word, at) => (at < 4 ? Number(word) : word)) as [number, number, number, number, string];
const TICK_MS = 10;
const ANSWER_TIMEOUT_MS = 20_000;
const QUERY_TIMEOUT_MS = 10_000;

const answered: Record<string, number> = {};
const failures: string[] = [];
const heldEnds: Record<string, number> = {};
let longestMs = 0;
const count = (counts: Record<string, number>, name: string) => {
  counts[name] = (counts[name] ?? 0) + 1;
};

/** Counts how one attempt ends. */
async function attempt(kind: string, timeoutMs: number, work: () => Promise<unknown>): Promise<void> {
  const fromMs = performance.now();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work(), late]);
    count(answered, kind);
    longestMs = Math.max(longestMs, performance.now() - fromMs);
  } catch (error) {
    failures.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** One connection that sends a few bytes and gets an answer. */
async function exchange(port: number, isTls: boolean, request: string): Promise<void> {
  const answer = Promise.withResolvers<void>();
  const connection = await connect(
    { host: "127.0.0.1", port, ...(isTls && { tls: { verify: false, serverName: "box.home.arpa" } }) },
    {
      chunk: () => answer.resolve(),
      close: (_, reason) => answer.reject(new Error(`closed without an answer: ${reason}`)),
    },
  );
  connection.write(request);
  await answer.promise;
  connection.close();
}

/** Asks from a port of its own, and never twice. */
async function query(): Promise<void> {
  const socket = createSocket("udp4");
  try {
    socket.send(queryBytes("localhost"), dns, "127.0.0.1");
    await once(socket, "message");
  } finally {
    socket.close();
  }
}

let echoes = 0;
const heldConnections: Connection[] = [];
async function hold(): Promise<void> {
  const connection = await connect(
    { host: "127.0.0.1", port: tcp },
    { chunk: () => void echoes++, close: (_, reason) => count(heldEnds, reason) },
  );
  heldConnections.push(connection);
}

while (heldConnections.length < held) await Promise.all(Array.from({ length: Math.min(100, held) }, hold));
const running = new Set<Promise<void>>();
function begin(kind: string, timeoutMs: number, work: () => Promise<unknown>): void {
  const attempted: Promise<void> = attempt(kind, timeoutMs, work).finally(() => running.delete(attempted));
  running.add(attempted);
}
let tick = 0;
const timer = setInterval(() => {
  tick++;
  for (let each = 0; each < 4; each++) begin("tcp", ANSWER_TIMEOUT_MS, () => exchange(tcp, false, "?"));
  if (tick % 2 === 0)
    begin("https", ANSWER_TIMEOUT_MS, () =>
      exchange(https, true, "GET / HTTP/1.1\r\nHost: box.home.arpa\r\nConnection: close\r\n\r\n"),
    );
  else begin("tcp", ANSWER_TIMEOUT_MS, () => exchange(tcp, false, "?"));
  begin("dns", QUERY_TIMEOUT_MS, query);
}, TICK_MS);

writeFileSync(join(folder, "ready"), "");
while (!existsSync(join(folder, "stop"))) await Bun.sleep(20);
clearInterval(timer);
await Promise.all(running);
echoes = 0;
const open = heldConnections.filter((connection) => connection.write("!") > 0);
for (const untilMs = Date.now() + 5000; echoes < open.length && Date.now() < untilMs; ) await Bun.sleep(20);
const result: Watched = { answered, failures: failures.slice(0, 50), heldEnds, heldEchoes: echoes, longestMs };
writeFileSync(join(folder, "result.json"), JSON.stringify(result));
process.exit(0);
