import {
  buildGo,
  buildVertx,
  compileC,
  cVersion,
  findNode,
  goVersion,
  nodeVersion,
  peerFile,
  product,
  tenkCommand,
  tenkVersion,
  vertxCommand,
  vertxVersion,
} from "./build.ts";
import type { Running } from "./process.ts";
import type { Measured } from "./rounds.ts";

export const SENDER = product("sender-epoll");
export type Mode = "sink" | "echo";

/** A server under test. */
export interface Peer extends Measured {
  command(mode: Mode, port: number): string[];
  /** Returns its count of received bytes before it is stopped. @default `bytes` of the JSON line it prints at SIGTERM */
  received?(running: Running): Promise<number>;
}

export const PEERS: readonly Peer[] = [
  {
    name: "c-epoll",
    prepare: () => compileC("sink-epoll"),
    command: (mode, port) => [product("sink-epoll"), mode, String(port)],
    version: cVersion,
  },
  tenk("tenk", 1),
  tenk("tenk-2-workers", 2),
  {
    name: "node",
    prepare: findNode,
    command: (mode, port) => ["node", peerFile("node-peer.mjs"), mode, String(port)],
    version: nodeVersion,
  },
  {
    name: "go",
    prepare: () => buildGo("go", "go-peer"),
    command: (mode, port) => [product("go-peer"), mode, String(port)],
    version: goVersion,
  },
  vertx("vertx", []),
  vertx("vertx-native", ["native"]),
];

function tenk(name: string, workers: number): Peer {
  return {
    name,
    prepare: () => undefined,
    command: (mode, port) => [
      ...[...tenkCommand(), "up", "--json", "--log-level", "error", "--dashboard", "127.0.0.1:0"],
      ...["--listen", `127.0.0.1:${port}`, "--handler", mode, "--workers", String(workers)],
    ],
    version: tenkVersion,
    async received(running) {
      const { statusUrl } = JSON.parse(running.lines[0] ?? "{}") as { statusUrl: string };
      const status = (await (await fetch(`${statusUrl}api/status`)).json()) as {
        parts: { tcp: { listeners: { counts: { bytesRead: number } }[] } };
      };
      return status.parts.tcp.listeners[0]?.counts.bytesRead ?? Number.NaN;
    },
  };
}

function vertx(name: string, words: readonly string[]): Peer {
  return {
    name,
    prepare: buildVertx,
    command: (mode, port) => vertxCommand("Peer", mode, String(port), ...words),
    version: vertxVersion,
  };
}
