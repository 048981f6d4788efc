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
  tenkUp,
  tenkVersion,
  vertxCommand,
  vertxVersion,
} from "./build.ts";
import type { Ports, Served } from "./stand.ts";

/** Modes of the servers of bench/peers beside sink and echo; each server has some of them. */
export type RoomMode = "lines" | "chat" | "tls";

export function cRoom(mode: "lines" | "chat"): Served {
  return {
    name: "c-epoll",
    prepare: () => compileC("room-epoll"),
    command: ({ port }) => [product("room-epoll"), mode, String(port)],
    version: cVersion,
  };
}

/** tenk with default settings and one listener. */
export function tenk(listener: (ports: Ports) => Readonly<Record<string, unknown>>): Served {
  return {
    name: "tenk",
    prepare: () => undefined,
    command: (ports) => tenkUp(ports.port, listener(ports)),
    version: tenkVersion,
  };
}

export function nodeRoom(
  name: string,
  mode: "lines-readline" | "lines-split" | "chat" | "tls",
  words: readonly string[] = [],
): Served {
  return {
    name,
    prepare: findNode,
    command: ({ port }) => ["node", peerFile("node-rooms.mjs"), mode, String(port), ...words],
    version: nodeVersion,
  };
}

export function goRoom(mode: RoomMode, words: readonly string[] = []): Served {
  return {
    name: "go",
    prepare: () => buildGo("go", "go-peer"),
    command: ({ port }) => [product("go-peer"), mode, String(port), ...words],
    version: goVersion,
  };
}

export function vertxRoom(name: string, mode: RoomMode, words: readonly string[] = []): Served {
  return {
    name,
    prepare: buildVertx,
    command: ({ port }) => vertxCommand("Rooms", mode, String(port), ...words),
    version: vertxVersion,
  };
}
