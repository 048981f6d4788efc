import type { Bar } from "./bars.ts";
import type { BenchOptions } from "./options.ts";
import { type Peer, SENDER } from "./peers.ts";
import { anonymousBytesOf, cpuTimeOf } from "./proc.ts";
import { answers, freePort, type Running, start } from "./process.ts";
import { middle, type Rounds } from "./rounds.ts";
import { figure, median, ratio, type Table, withRange } from "./table.ts";

const BURSTS = 3;
const START_MS = 20_000;
/** How fast the connections come whose memory is measured. */
const CONNECTS_PER_SECOND = 2000;

/** What one visit to a server showed. */
export interface ServerRound {
  readonly cpuUsPerMessage: number;
  readonly userUsPerMessage: number;
  readonly systemUsPerMessage: number;
  readonly idleBytesPerConnection: number;
  readonly loadedBytesPerConnection: number;
  /** Anonymous memory before the first connection. */
  readonly emptyBytes: number;
  /** Of the bursts at full speed: until the server's process held every connection. */
  readonly burstMs: readonly number[];
  readonly burstConnectMaxMs: readonly number[];
  readonly messagesPerSecond: number;
  readonly messagesSent: number;
  /** By the server's own count, warm-up included; `messagesSent` counts that too. */
  readonly bytesReceived: number;
  readonly failedConnects: number;
  /** The sender's own CPU, as a share of its processor. */
  readonly senderBusy: number;
}

interface Connected {
  readonly established: number;
  readonly failed: number;
  readonly establishedMs: number;
  readonly acceptedMs: number | null;
  readonly connectMaxMs: number;
}

interface Sent {
  readonly messages: number;
  readonly tookMs: number;
  readonly cpuMs: number;
}

/** One server from start to stop: memory empty, idle and loaded, CPU under load, then bursts of connects on warm code. */
export async function visitServer(peer: Peer, options: BenchOptions): Promise<ServerRound> {
  const { connections, perSecond, seconds, warmUpSeconds, size, tickUs, pin } = options;
  const port = await freePort(Math.random);
  const server = start(peer.command("sink", port), pin ? 1 : undefined);
  const sender = start([SENDER, String(port), String(server.pid)], pin ? 0 : undefined);
  const ask = <Answer>(line: string, withinMs = 60_000) => asked<Answer>(sender, line, withinMs);
  try {
    if (!(await answers(port, START_MS))) throw new Error(`${peer.name} did not listen: ${server.complaint()}`);
    await Bun.sleep(1000);
    const emptyBytes = anonymousBytesOf(server.pid);
    const opened = await ask<Connected>(`connect ${connections} ${CONNECTS_PER_SECOND}`);
    await Bun.sleep(2000);
    const idleBytes = anonymousBytesOf(server.pid);
    const warm = await ask<Sent>(`send ${perSecond} ${warmUpSeconds} ${size} ${tickUs}`);
    const before = cpuTimeOf(server.pid);
    const sent = await ask<Sent>(`send ${perSecond} ${seconds} ${size} ${tickUs}`);
    await Bun.sleep(200);
    const after = cpuTimeOf(server.pid);
    const loadedBytes = anonymousBytesOf(server.pid);
    await ask("close");
    const bursts = [];
    for (let burst = 0; burst < BURSTS; burst++) {
      await Bun.sleep(1500);
      bursts.push(await ask<Connected>(`connect ${connections} 0`));
      await ask("close");
    }
    const bytesReceived = await received(peer, server);
    const userUsPerMessage = ((after.userMs - before.userMs) * 1000) / sent.messages;
    const systemUsPerMessage = ((after.systemMs - before.systemMs) * 1000) / sent.messages;
    return {
      cpuUsPerMessage: userUsPerMessage + systemUsPerMessage,
      userUsPerMessage,
      systemUsPerMessage,
      emptyBytes,
      idleBytesPerConnection: (idleBytes - emptyBytes) / opened.established,
      loadedBytesPerConnection: (loadedBytes - emptyBytes) / opened.established,
      burstMs: bursts.map((burst) => burst.acceptedMs ?? burst.establishedMs),
      burstConnectMaxMs: bursts.map((burst) => burst.connectMaxMs),
      messagesPerSecond: (sent.messages * 1000) / sent.tookMs,
      messagesSent: warm.messages + sent.messages,
      bytesReceived,
      failedConnects: opened.failed + bursts.reduce((total, burst) => total + burst.failed, 0),
      senderBusy: sent.cpuMs / sent.tookMs,
    };
  } finally {
    await Promise.all([sender.stop(), server.stop()]);
  }
}

async function asked<Answer>(sender: Running, line: string, withinMs: number): Promise<Answer> {
  sender.write(line);
  return JSON.parse(await sender.nextLine(withinMs)) as Answer;
}

async function received(peer: Peer, server: Running): Promise<number> {
  if (peer.received) return await peer.received(server);
  await server.stop();
  return (JSON.parse(server.lines.at(-1) ?? "{}") as { bytes?: number }).bytes ?? Number.NaN;
}

export function serverTable(rounds: Rounds<ServerRound>): Table {
  const us = (name: string) => middle(rounds, name, (round) => [round.cpuUsPerMessage]);
  const burst = (name: string) => middle(rounds, name, (round) => round.burstMs);
  return {
    head: [
      ...["server", "CPU us/message", "of it user", "to C epoll", "to Vert.x"],
      ...["idle B/connection", "loaded B/connection", "empty MB", "burst ms", "to C epoll"],
    ],
    rows: [...rounds].map(([name, of]) => [
      name,
      withRange(of.map((round) => round.cpuUsPerMessage)),
      figure(median(of.map((round) => round.userUsPerMessage))),
      ratio(us(name), us("c-epoll")),
      ratio(us(name), us("vertx")),
      withRange(of.map((round) => round.idleBytesPerConnection)),
      withRange(of.map((round) => round.loadedBytesPerConnection)),
      figure(median(of.map((round) => round.emptyBytes)) / 1e6),
      withRange(of.flatMap((round) => round.burstMs)),
      ratio(burst(name), burst("c-epoll")),
    ]),
  };
}

/** What stood in the way of an honest figure; empty is good. */
export function serverRemarks(rounds: Rounds<ServerRound>, options: BenchOptions): string[] {
  const planned = options.connections * options.perSecond;
  return [...rounds].flatMap(([name, of]) =>
    of.flatMap((round) => [
      ...(round.messagesPerSecond < 0.99 * planned
        ? [`${name}: the sender reached ${figure(round.messagesPerSecond)} of ${planned} messages/s`]
        : []),
      ...(round.bytesReceived === round.messagesSent * options.size
        ? []
        : [`${name}: got ${round.bytesReceived} of ${round.messagesSent * options.size} bytes sent`]),
      ...(round.failedConnects > 0 ? [`${name}: ${round.failedConnects} connects failed`] : []),
    ]),
  );
}

export function serverBars(rounds: Rounds<ServerRound>): Bar[] {
  const us = (name: string) => middle(rounds, name, (round) => [round.cpuUsPerMessage]);
  const burst = (name: string) => middle(rounds, name, (round) => round.burstMs);
  const idle = middle(rounds, "tenk", (round) => [round.idleBytesPerConnection]);
  return [
    { name: "sink, CPU per message, to C epoll", most: 1.1, got: us("tenk") / us("c-epoll"), unit: "x" },
    { name: "sink, CPU per message, to Vert.x", most: 0.5, got: us("tenk") / us("vertx"), unit: "x" },
    { name: "user memory per idle connection", most: 1600, got: idle, unit: "B" },
    { name: "burst of connects, to C epoll", most: 1.5, got: burst("tenk") / burst("c-epoll"), unit: "x" },
  ];
}
