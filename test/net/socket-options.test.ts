import { expect, test } from "bun:test";
import { readOption } from "../../src/net/ffi.ts";
import { type Connection, connect, listen, type SocketOptions } from "../../src/net/mod.ts";
import { until } from "./support.ts";

// Level and option, by include/uapi/linux/{in,in6,tcp}.h and asm-generic/socket.h.
const OPTIONS = {
  noDelay: [6, 1],
  keepAlive: [1, 9],
  keepIdle: [6, 4],
  keepInterval: [6, 5],
  keepCount: [6, 6],
  userTimeout: [6, 18],
  tos: [0, 1],
} as const;

const GIVEN: SocketOptions = {
  noDelay: false,
  keepAliveMs: 7000,
  keepAliveIntervalMs: 3000,
  keepAliveProbes: 4,
  userTimeoutMs: 12_345,
  typeOfService: 0x10,
};
const EXPECTED = {
  noDelay: 0,
  keepAlive: 1,
  keepIdle: 7,
  keepInterval: 3,
  keepCount: 4,
  userTimeout: 12_345,
  tos: 0x10,
};

function optionsOf(connection: Connection): object {
  const { descriptor } = connection as unknown as { descriptor: number };
  return Object.fromEntries(
    Object.entries(OPTIONS).map(([name, [level, option]]) => [name, readOption(descriptor, level, option)]),
  );
}

test.each([["127.0.0.1"], ["::1"]])("options reach the kernel on both sides of a connection to %s", async (host) => {
  let accepted: Connection | undefined;
  const open = (connection: Connection) => {
    accepted = connection;
  };
  await using server = await listen({ host, ...GIVEN, fastOpen: 16 }, { open });
  const dialled = await connect({ host, port: server.port, ...GIVEN }, {});
  await until(() => accepted !== undefined);
  expect(optionsOf(accepted as Connection)).toEqual(EXPECTED);
  expect(optionsOf(dialled)).toEqual(EXPECTED);
  dialled.close();
});

test("without any, connections send at once and the rest is the system's choice", async () => {
  let accepted: Connection | undefined;
  const open = (connection: Connection) => {
    accepted = connection;
  };
  await using server = await listen({ host: "127.0.0.1" }, { open });
  const dialled = await connect({ host: "127.0.0.1", port: server.port }, {});
  await until(() => accepted !== undefined);
  for (const side of [accepted as Connection, dialled]) {
    expect(optionsOf(side)).toMatchObject({ noDelay: 1, keepAlive: 0, userTimeout: 0, tos: 0 });
  }
  dialled.close();
});

test.each([
  [{ keepAliveProbes: 128 }],
  [{ typeOfService: 256 }],
  [{ keepAliveMs: 40_000_000 }],
  [{ userTimeoutMs: -1 }],
])("refuses %p by name", async (options) => {
  const error = (await listen({ host: "127.0.0.1", ...options }, {}).catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toContain(Object.keys(options)[0]!);
});

test("a listener whose options the kernel refuses leaves its place free", async () => {
  const path = `\0tenk-refused-${process.pid}`;
  // A Unix socket knows nothing of TCP's options.
  await expect(listen({ path, fastOpen: 5 }, {})).rejects.toThrow("TCP_FASTOPEN");
  await using server = await listen({ path }, {});
  expect(server.path).toBe(path);
});

test("a buffer size above what the kernel's number holds is the largest there is, not the smallest", async () => {
  await using server = await listen({ host: "127.0.0.1", receiveBufferBytes: 2 ** 32 }, {});
  const connection = await connect({ port: server.port, receiveBufferBytes: 2 ** 32 }, {});
  const { descriptor } = connection as unknown as { descriptor: number };
  // SO_RCVBUF; the smallest is 2304 bytes.
  expect(readOption(descriptor, 1, 8)).toBeGreaterThan(100_000);
  connection.close();
});
