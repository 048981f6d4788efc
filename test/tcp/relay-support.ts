import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type Server as ForeignServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type CloseReason, type ListenOptions, listen, type Server } from "../../src/net/mod.ts";
import { type RelayOptions, type RelayReport, relay } from "../../src/tcp/mod.ts";
import { freePort, until } from "../net/support.ts";

const cleanups: (() => unknown)[] = [];

/** Undoes what a test made, last things first. For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const undo of cleanups.splice(0).reverse()) await undo();
}

export function later(undo: () => unknown): void {
  cleanups.push(undo);
}

/** A target on `node:net`, which keeps what it got. */
export class FarServer {
  readonly server: ForeignServer;
  readonly sockets: Socket[] = [];
  received = "";
  #port = 0;

  constructor(onSocket: (socket: Socket) => void = () => {}) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on("error", () => {});
      onSocket(socket);
    });
    later(() => this.close());
  }

  /** Listens, on the port that it had before when it had one. */
  async open(): Promise<this> {
    this.#port ||= await freePort();
    this.server.listen(this.#port, "127.0.0.1");
    await once(this.server, "listening");
    return this;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  close(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
    this.server.close();
  }
}

/** Answers each client with its own name, then echoes. */
export function naming(name: string): Promise<FarServer> {
  return new FarServer((socket) => {
    socket.write(`${name}:`);
    socket.pipe(socket);
  }).open();
}

/** An address of this machine where nobody listens. */
export async function nowhere(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

/** A process that listens and never accepts; with a backlog that is full, connects to it hang. Already stopped. */
export async function frozen(backlog: number): Promise<{ address: string; child: ChildProcess }> {
  const path = join(import.meta.dirname, "../net/frozen-listener.ts");
  const child = spawn(process.execPath, [path, String(backlog)], { stdio: ["ignore", "pipe", "inherit"] });
  later(() => child.kill("SIGKILL"));
  const [port] = await once(child.stdout!, "data");
  await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.[0] === "T");
  return { address: `127.0.0.1:${Number(String(port))}`, child };
}

/** Sockets among the open descriptors of a process: without the runtime's own pipes and clocks, which come and go. */
export function openSockets(pid: number | "self" = "self"): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => linkOf(join(folder, name)).startsWith("socket:")).length;
}

/** A descriptor that is closed while we look has none. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

export interface Relayed {
  server: Server;
  port: number;
  report(): RelayReport;
  /** How often connections of the relay's listener closed, by reason; those that never did are left out. */
  closes(): Partial<Record<CloseReason, number>>;
}

export async function relayed(options: RelayOptions, listening: ListenOptions = {}): Promise<Relayed> {
  const handler = relay(options);
  const server = await listen({ host: "127.0.0.1", halfOpen: true, ...listening }, handler);
  later(() => server.stop({ graceMs: 0 }));
  return {
    server,
    port: server.port,
    report: () => handler.report!() as RelayReport,
    closes: () => Object.fromEntries(Object.entries(server.counts().closed).filter(([, count]) => count > 0)),
  };
}

/** What a relay's process says of itself. */
export interface RelayStatus {
  active: number;
  closed: Record<CloseReason, number>;
  writeQueueBytes: number;
  report: RelayReport;
}

export interface RelayProcess {
  pid: number;
  port: number;
  status(): Promise<RelayStatus>;
}

/** A relay in a process of its own; `before` is put in front of its command, such as `ip netns exec …`. */
export async function relayProcess(options: RelayOptions, before: string[] = [], host?: string): Promise<RelayProcess> {
  const path = join(import.meta.dirname, "relay-process.ts");
  const words: string[] = [
    ...before,
    process.execPath,
    path,
    JSON.stringify(options),
    ...(host === undefined ? [] : [host]),
  ];
  const child = spawn(words.shift()!, words, { stdio: ["pipe", "pipe", "inherit"] });
  later(() => child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]() as AsyncIterator<string, string>;
  const port = Number((await lines.next()).value);
  return {
    pid: child.pid!,
    port,
    async status() {
      child.stdin.write("status\n");
      return JSON.parse((await lines.next()).value);
    },
  };
}
