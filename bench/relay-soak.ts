/**
 * Checks that a relay's memory does not grow. `node_modules/.bin/bun bench/relay-soak.ts [CONNECTIONS] [AT_ONCE]` relays 300 000
 * connections, 100 at a time, and prints the relay's memory after every tenth of them. The relay runs in its own process. Of
 * four clients one finishes first, one lets its target finish first, one resets, and one disappears silently.
 *
 * Exits with 1 when memory at the end is more than 10 % above that after the first tenth, when the heap has reached its size; or
 * when anything is left of a connection.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Connection, Dialer, type Handler, listen } from "../src/net/mod.ts";
import { type RelayReport, relay } from "../src/tcp/mod.ts";
import { anonymousBytesOf, cpuTimeOf } from "./proc.ts";

const MEBIBYTE = 1024 * 1024;
const QUESTION = new Uint8Array(300).fill(1);
/** As the first byte of a request, asks the target to finish first. */
const FINISH_FIRST = new Uint8Array(300).fill(2);

async function runRelay(target: string): Promise<void> {
  const handler = relay({ targets: [target], finishMs: 5_000 });
  const server = await listen({ host: "127.0.0.1", port: 0, halfOpen: true }, handler);
  console.log(server.port);
  process.stdin.on("data", () => {
    Bun.gc(true);
    console.log(JSON.stringify({ active: server.counts().active, report: handler.report?.() }));
  });
  process.stdin.on("end", () => process.exit(0));
}

async function soak(connections: number, atOnce: number): Promise<void> {
  const target = await listen({ host: "127.0.0.1", port: 0, halfOpen: true }, ECHO);
  const words = [import.meta.filename, "relay", `127.0.0.1:${target.port}`];
  const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]() as AsyncIterator<string, string>;
  const port = Number((await lines.next()).value);
  const status = async (): Promise<{ active: number; report: RelayReport }> => {
    child.stdin.write("status\n");
    return JSON.parse((await lines.next()).value);
  };
  const pid = child.pid!;
  const clients = new Dialer<Asking>({ host: "127.0.0.1", port, halfOpen: true, timeoutMs: 10_000 }, CLIENT);
  const tenth = Math.max(1, Math.floor(connections / 10));
  await status();
  const emptyBytes = await restingBytes(pid, status);
  console.log(`        0  ${(emptyBytes / MEBIBYTE).toFixed(1)} MiB`);
  let warmBytes = 0;
  let lastBytes = 0;
  for (let done = 0; done < connections; done += tenth) {
    const [startMs, startCpu] = [performance.now(), cpuTimeOf(pid)];
    await many(clients, tenth, atOnce);
    const cpu = cpuTimeOf(pid);
    const perSecond = tenth / ((performance.now() - startMs) / 1000);
    const cpuUs = ((cpu.userMs + cpu.systemMs - startCpu.userMs - startCpu.systemMs) * 1000) / tenth;
    const { active } = await status();
    lastBytes = await restingBytes(pid, status);
    if (warmBytes === 0) warmBytes = lastBytes;
    const rate = `${Math.round(perSecond)}/s, ${Math.round(cpuUs)} µs of CPU each`;
    console.log(
      `${String(done + tenth).padStart(9)}  ${(lastBytes / MEBIBYTE).toFixed(1)} MiB  ${rate}, ${active} open`,
    );
  }
  const left = await settled(status);
  const grown = (lastBytes / warmBytes - 1) * 100;
  console.log(
    `memory ${grown.toFixed(1)} % above the first tenth's; ${left.active} connections and ${left.report.pairs} pairs left`,
  );
  console.log(JSON.stringify(left.report.targets[0]));
  child.stdin.end();
  await once(child, "exit");
  await target.stop({ graceMs: 0 });
  process.exit(grown <= 10 && left.active === 0 && left.report.pairs === 0 ? 0 : 1);
}

/** Returns the minimum over a second, since the allocator returns pages some time after the collector ran. */
async function restingBytes(pid: number, collect: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 10; count++) {
    await collect();
    await new Promise((resolve) => setTimeout(resolve, 100));
    least = Math.min(least, anonymousBytesOf(pid));
  }
  return least;
}

/** Pairs whose client disappeared silently end after `finishMs`. */
async function settled(status: () => Promise<{ active: number; report: RelayReport }>) {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const now = await status();
    if (now.active === 0 || performance.now() > deadlineMs) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Asking {
  way: number;
  done(): void;
}

const CLIENT: Handler<Asking> = {
  open: (connection) => connection.write(connection.data.way === 1 ? FINISH_FIRST : QUESTION),
  chunk(connection) {
    const { way } = connection.data;
    if (way === 0) connection.end();
    else if (way === 2) connection.reset();
    else if (way === 3) connection.close();
  },
  end: (connection) => connection.end(),
  close: (connection) => connection.data.done(),
};

const ECHO: Handler = {
  chunk(connection: Connection, bytes) {
    connection.write(bytes);
    if (bytes[0] === 2) connection.end();
  },
  end: (connection) => connection.end(),
};

async function many(clients: Dialer<Asking>, count: number, atOnce: number): Promise<void> {
  let begun = 0;
  async function oneAfterTheOther(): Promise<void> {
    while (begun < count) {
      const way = begun++ % 4;
      await new Promise<void>((done, failed) => {
        clients.connect({ data: { way, done } }).catch(failed);
      });
    }
  }
  await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
}

if (process.argv[2] === "relay") await runRelay(process.argv[3]!);
else await soak(Number(process.argv[2] ?? 300_000), Number(process.argv[3] ?? 100));
