/**
 * A server that is replaced by another process of itself when it reads "replace". Started with the name of a mode, ports and a path:
 *
 * - `pass`: the sockets are handed on
 * - `bind`: they are closed, and opened again by the other process
 */
import { createInterface } from "node:readline";
import {
  handOn,
  listen,
  listenUdp,
  noteHandedOn,
  pauseAccepting,
  resumeAccepting,
  startPaused,
  takeInherited,
} from "../../../src/net/mod.ts";

const [mode = "pass", path = "", workers = "1", tcpPort = "0", widePort = "0", udpPort = "0"] = process.argv.slice(2);
const inherited = Number(process.env.INHERITED ?? 0);
if (inherited > 0) {
  takeInherited(
    Array.from({ length: inherited }, (_, index) => 3 + index),
    "tenk",
  );
  startPaused();
}

const handler = new URL("./handler.ts", import.meta.url);
const host = "127.0.0.1";
const tcp = await listen({ host, port: Number(tcpPort) }, handler);
const wide = await listen({ host, port: Number(widePort), workers: Number(workers) }, handler);
const unix = await listen({ path }, handler);
const udp = await listenUdp(new URL("./datagrams.ts", import.meta.url), { hosts: [host], port: Number(udpPort) });
console.log(JSON.stringify({ pid: process.pid, tcp: tcp.port, wide: wide.port, udp: udp.port }));

async function stop(): Promise<void> {
  await Promise.all([tcp, wide, unix].map((server) => server.stop({ graceMs: 5000 })));
  await udp.stop();
}

async function replace(otherWorkers: string): Promise<void> {
  const ports = [tcp.port, wide.port, udp.port].map(String);
  const words = [process.execPath, import.meta.path, mode, path, otherWorkers, ...ports];
  if (mode === "bind") {
    await stop();
    Bun.spawn(words, { stdio: ["inherit", "inherit", "inherit"] }).unref();
    return;
  }
  using sockets = handOn();
  const child = Bun.spawn(words, {
    stdio: ["pipe", "pipe", "inherit", ...sockets.sockets.map(({ descriptor }) => descriptor)],
    env: { ...process.env, INHERITED: String(sockets.sockets.length) },
  });
  const output = child.stdout.getReader();
  const { value } = await output.read();
  await pauseAccepting();
  child.stdin.write("serve\n");
  child.stdin.flush();
  await output.read();
  noteHandedOn();
  process.stdout.write(value!);
  await stop();
  process.exit(0);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith("replace")) await replace(line.split(" ")[1] ?? workers);
  if (line === "serve") {
    await resumeAccepting();
    console.log("serves");
  }
}
