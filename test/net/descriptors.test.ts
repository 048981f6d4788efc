import { afterEach, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import type { ListenerCounts } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

type Line = ListenerCounts & { cpuMs: number; atMs: number; taken: number; open: number; max: number };

let child: { kill(signal: NodeJS.Signals): void; exitCode: number | null } | undefined;
afterEach(() => child?.kill("SIGKILL"));

/** A server that may open 500 descriptors; `last()` is its newest line. */
async function starved(): Promise<{
  port: number;
  last: () => Line | undefined;
  signal: (name: NodeJS.Signals) => void;
}> {
  const script = `ulimit -n 500; exec "${process.execPath}" "${import.meta.dir}/starved-server.ts"`;
  const process_ = Bun.spawn(["sh", "-c", script], { stdout: "pipe", stderr: "inherit" });
  child = process_;
  let text = "";
  (async () => {
    for await (const chunk of process_.stdout) text += new TextDecoder().decode(chunk);
  })();
  await until(() => text.includes("\n"));
  const last = () => {
    const lines = text.slice(0, text.lastIndexOf("\n")).split("\n");
    return lines.length > 1 ? (JSON.parse(lines.at(-1)!) as Line) : undefined;
  };
  return { port: Number.parseInt(text, 10), last, signal: (name) => process_.kill(name) };
}

/** CPU share of the server over the next `lines` lines. */
async function cpuShare(last: () => Line | undefined, forMs: number): Promise<number> {
  const from = last()!;
  await until(() => last()!.atMs >= from.atMs + forMs);
  return (last()!.cpuMs - from.cpuMs) / (last()!.atMs - from.atMs);
}

test("2000 clients on 500 descriptors: the rest is refused and counted, those inside go on, no spin, then it recovers", async () => {
  const server = await starved();
  const first = await Promise.all(Array.from({ length: 100 }, () => new Client(server.port).connected()));
  const crowd = Array.from({ length: 1900 }, () => new Client(server.port));
  await until(() => crowd.every((client) => !client.socket.connecting));
  await until(() => (server.last()?.accepted ?? 0) + (server.last()?.rejected.descriptors ?? 0) === 2000);
  const inside = server.last()!;
  expect(inside.rejected.descriptors).toBeGreaterThan(1400);
  expect(inside.active).toBe(2000 - inside.rejected.descriptors);
  expect(inside.max).toBe(500);
  expect(await cpuShare(server.last, 500)).toBeLessThan(0.5);
  for (const client of first) client.socket.write("still here");
  await until(() => first.every((client) => client.received === "still here"));
  for (const client of crowd) client.socket.destroy();
  await until(() => server.last()!.active === 100);
  const late = await new Client(server.port).connected();
  late.socket.write("let me in");
  await until(() => late.received === "let me in");
});

test("other code takes every descriptor: accepting is suspended instead of spinning, and goes on when some are free", async () => {
  const server = await starved();
  const inside = await new Client(server.port).connected();
  await until(() => server.last()?.active === 1);
  server.signal("SIGUSR1");
  await until(() => server.last()!.taken > 400);
  const waiting = Array.from({ length: 20 }, () => new Client(server.port));
  await until(() => waiting.every((client) => client.closed));
  expect(await cpuShare(server.last, 500)).toBeLessThan(0.5);
  inside.socket.write("unharmed");
  await until(() => inside.received === "unharmed");
  server.signal("SIGUSR2");
  await until(() => server.last()!.taken === 0);
  let late: Client | undefined;
  await until(() => {
    if (late === undefined || late.closed) late = new Client(server.port);
    if (late.received === "") late.socket.write("again");
    return late.received.startsWith("again");
  });
});

test("the port was taken meanwhile: accepting is tried again until it is free", async () => {
  const server = await starved();
  const inside = await new Client(server.port).connected();
  await until(() => server.last()?.active === 1);
  server.signal("SIGUSR1");
  await until(() => server.last()!.taken > 400);
  let squatter: Server | undefined;
  await until(() => {
    squatter ??= squat(server.port);
    if (!squatter.listening) squatter = undefined;
    return squatter !== undefined;
  });
  server.signal("SIGUSR2");
  await until(() => server.last()!.taken === 0);
  const freeMs = server.last()!.atMs;
  // Two looks of the guard: both find the port taken.
  await until(() => server.last()!.atMs > freeMs + 700);
  inside.socket.write("unharmed");
  await until(() => inside.received === "unharmed");
  squatter!.close();
  let late: Client | undefined;
  await until(() => {
    if (late === undefined || late.closed) late = new Client(server.port);
    if (late.received === "") late.socket.write("again");
    return late.received.startsWith("again");
  });
});

/** Listens where the other stopped listening; `listening` says whether it could. */
function squat(port: number): Server {
  const squatter = createServer((socket) => socket.destroy());
  squatter.on("error", () => {});
  squatter.listen(port, "127.0.0.1");
  return squatter;
}
