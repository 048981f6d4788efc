import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AF_UNIX, bindSocket, closeDescriptor, SOCK_STREAM, setBacklog, socketOf } from "../../../src/net/ffi.ts";
import {
  type ListeningSocket,
  matches,
  type SocketKind,
  type WantedAddress,
} from "../../../src/net/inherit/listening-socket.ts";
import {
  claim,
  closeUnclaimed,
  duplicate,
  handOn,
  inheritedAtPort,
  isInherited,
  shareOf,
  takeHandedOn,
  takeInherited,
} from "../../../src/net/inherit/mod.ts";
import { descriptorsOfSystemd } from "../../../src/net/inherit/systemd.ts";
import { listen } from "../../../src/net/mod.ts";
import { unixAddress } from "../../../src/net/socket-address.ts";
import { ask } from "./clients.ts";
import { keptSocket } from "./sockets.ts";

const tcp = (host: string, port: number, isDual = false): ListeningSocket => ({
  descriptor: 9,
  kind: "tcp",
  host,
  port,
  path: "",
  isDual,
});

test.each<[socket: ListeningSocket, kind: SocketKind, wanted: WantedAddress, is: boolean]>([
  [tcp("127.0.0.1", 80), "tcp", { host: "127.0.0.1", port: 80 }, true],
  [tcp("127.0.0.1", 80), "tcp", { host: "127.0.0.1", port: 81 }, false],
  [tcp("127.0.0.1", 80), "udp", { host: "127.0.0.1", port: 80 }, false],
  [tcp("127.0.0.1", 80), "tcp", { host: "localhost", port: 80 }, true],
  [tcp("127.0.0.1", 80), "tcp", { host: "0.0.0.0", port: 80 }, false],
  [tcp("0.0.0.0", 80), "tcp", { host: "127.0.0.1", port: 80 }, false],
  [tcp("::", 80, true), "tcp", { host: "0.0.0.0", port: 80 }, true],
  [tcp("::", 80), "tcp", { host: "0.0.0.0", port: 80 }, false],
  [tcp("::", 80, true), "tcp", { port: 80 }, true],
  [tcp("0.0.0.0", 80), "tcp", { host: "::", port: 80 }, false],
  [tcp("::1", 80), "tcp", { host: "0:0:0:0:0:0:0:1", port: 80 }, true],
  [tcp("fe80::1", 80), "tcp", { host: "fe80::1%eth0", port: 80 }, true],
  [tcp("fe80::1", 80), "tcp", { host: "fe80::2%eth0", port: 80 }, false],
  [{ ...tcp("", 0), kind: "unix", path: "/run/x" }, "unix", { path: "/run/x" }, true],
  [{ ...tcp("", 0), kind: "unix", path: "\0x" }, "unix", { path: "\0y" }, false],
])("whether %o is what a %s listener wants at %o: %s", (socket, kind, wanted, is) => {
  expect(matches(socket, kind, wanted)).toBe(is);
});

test.each([
  [[], 0, 2, []],
  [[5], 0, 1, [5]],
  [[5], 1, 2, [5]],
  [[5, 6], 1, 2, [6]],
  [[5, 6, 7], 0, 2, [5, 7]],
  [[5, 6], 2, 3, [5]],
])("of sockets %j event loop %i of %i listens on %j", (sockets, index, loops, share) => {
  expect(shareOf(sockets, index, loops)).toEqual(share);
});

test.each([
  [{}, []],
  [{ LISTEN_PID: "7", LISTEN_FDS: "2" }, [3, 4]],
  [{ LISTEN_PID: "8", LISTEN_FDS: "2" }, []],
  [{ LISTEN_PID: "7" }, "LISTEN_FDS"],
  [{ LISTEN_PID: "7", LISTEN_FDS: "-1" }, "LISTEN_FDS"],
  [{ LISTEN_PID: "7", LISTEN_FDS: "100000" }, "LISTEN_FDS"],
])("of the environment %o process 7 has descriptors %j, and its children none", (given, expected) => {
  const environment = { ...given };
  const read = () => descriptorsOfSystemd(environment, 7);
  if (typeof expected === "string") expect(read).toThrow(expected);
  else expect(read()).toEqual(expected);
  expect(environment).toEqual({});
});

test("a descriptor that is no socket is refused", () => {
  const file = openSync(import.meta.path, "r");
  expect(() => takeInherited([file], "systemd")).toThrow("no socket that listens");
  closeDescriptor(file);
});

test("a socket is claimed once, and what nobody claims is closed and named", async () => {
  await using server = await listen({ host: "127.0.0.1" }, {});
  const { sockets } = handOn();
  const own = sockets.filter(({ port }) => port === server.port);
  takeInherited([own[0]!.descriptor], "tenk");
  const wanted = { host: "127.0.0.1", port: server.port };
  expect(claim("tcp", wanted)).toEqual([own[0]!.descriptor]);
  expect(claim("tcp", wanted)).toEqual([]);
  takeInherited([own[0]!.descriptor], "tenk");
  expect(closeUnclaimed()).toEqual([{ address: `127.0.0.1:${server.port}/tcp`, isKept: false }]);
  for (const { descriptor } of sockets) if (descriptor !== own[0]!.descriptor) closeDescriptor(descriptor);
});

test("a socket of systemd is never closed here: a later listener has it, and so has the process that follows", async () => {
  using kept = keptSocket("tcp");
  const wanted = { host: "127.0.0.1", port: kept.port };
  const given = duplicate(kept.descriptor);
  takeInherited([given], "systemd");
  for (const workers of [1, 2]) {
    const server = await listen({ ...wanted, workers }, new URL("./handler.ts", import.meta.url));
    expect(isInherited("tcp", wanted)).toBe(false);
    expect(await ask({ port: kept.port })).toBe(String(process.pid));
    await server.stop();
    expect(isInherited("tcp", wanted)).toBe(true);
  }
  expect(inheritedAtPort(kept.port, "tcp")).toBe(`127.0.0.1:${kept.port}/tcp`);
  expect(closeUnclaimed()).toEqual([{ address: `127.0.0.1:${kept.port}/tcp`, isKept: true }]);
  using handed = handOn();
  expect(handed.summary).toBe(`${handed.sockets.length},1`);
  expect(handed.sockets[0]).toMatchObject(wanted);
  expect(claim("tcp", wanted)).toEqual([given]);
});

test("what a process says of the sockets that it hands on is checked", () => {
  expect(() => takeHandedOn("2;3", 3)).toThrow('"2;3" is no summary');
  expect(() => takeHandedOn("1", 1_000_000)).toThrow("no socket that listens");
});

test("programs that this one starts get no listening socket", async () => {
  await using _ = await listen({ host: "127.0.0.1" }, {});
  using kept = keptSocket("tcp");
  takeInherited([duplicate(kept.descriptor)], "tenk");
  using handed = handOn();
  expect(handed.sockets.length).toBeGreaterThan(1);
  const child = Bun.spawn(["/bin/ls", "-l", "/proc/self/fd"], { stdin: "ignore" });
  expect(await new Response(child.stdout).text()).not.toMatch(/ (?:[3-9]|\d\d+) -> socket:/);
  closeUnclaimed();
});

test("only what our listeners listen on is handed on", async () => {
  await using server = await listen({ host: "127.0.0.1" }, {});
  await using _ = await listen({ path: "\0tenk-of-our-own" }, {});
  const foreign = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  using handed = handOn();
  expect(handed.own.map(({ port }) => port)).toEqual([server.port]);
  foreign.stop(true);
});

test("Unix sockets of systemd, with a file or an abstract name, are served on, and their files stay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-inherit-"));
  for (const path of [join(folder, "x.sock"), `\0inherit-${process.pid}`]) {
    const descriptor = socketOf(AF_UNIX, SOCK_STREAM, 0);
    bindSocket(descriptor, unixAddress(path));
    setBacklog(descriptor, 16);
    takeInherited([duplicate(descriptor)], "systemd");
    const server = await listen({ path }, new URL("./handler.ts", import.meta.url));
    expect(await ask({ path })).toBe(String(process.pid));
    await server.stop();
    expect(claim("unix", { path })).toHaveLength(1);
    expect(path.startsWith("\0") || existsSync(path)).toBe(true);
    closeDescriptor(descriptor);
  }
  rmSync(folder, { recursive: true });
});
