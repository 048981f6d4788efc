import {
  buildGo,
  buildVertx,
  compileC,
  cVersion,
  findNode,
  goVersion,
  libraryCommand,
  libraryVersion,
  nodeVersion,
  peerFile,
  product,
  vertxCommand,
  vertxVersion,
} from "./build.ts";
import type { Served } from "./stand.ts";

/** What the servers of bench/peers do beside sink and echo; each of them knows some of these by name. */
export type RoomMode = "lines" | "chat" | "tls";

export function cRoom(mode: "lines" | "chat"): Served {
  return {
    name: "c-epoll",
    prepare: () => compileC("room-epoll"),
    command: ({ port }) => [product("room-epoll"), mode, String(port)],
    version: cVersion,
  };
}

/** A program of bench/peers/tenk. */
export function tenkRoom(mode: RoomMode, words: readonly string[] = []): Served {
  return {
    name: "tenk",
    prepare: () => undefined,
    command: ({ port }) => libraryCommand(mode, String(port), ...words),
    version: libraryVersion,
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
