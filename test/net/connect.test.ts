import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { connect, Dialer, descriptors, type Handler, listen, type Server } from "../../src/net/mod.ts";
import { echo } from "../../src/tcp/mod.ts";
import { until } from "./support.ts";

let server: Server | undefined;
const children: { kill(signal: NodeJS.Signals): unknown }[] = [];
afterEach(async () => {
  await server?.stop({ graceMs: 0 });
  server = undefined;
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** The port of a process that listens with this backlog and never accepts. */
async function frozen(backlog: number): Promise<number> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/frozen-listener.ts`, String(backlog)], {
    stdout: "pipe",
  });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.[0] === "T");
  return Number(new TextDecoder().decode(value));
}

test("connect opens, writes, reads and ends", async () => {
  server = await listen({ host: "127.0.0.1" }, echo);
  let got = "";
  const ends: string[] = [];
  const handler: Handler<string> = {
    chunk(connection, bytes) {
      got += connection.data + new TextDecoder().decode(bytes);
      connection.end();
    },
    close: (_, reason) => ends.push(reason),
  };
  const connection = await connect({ port: server.port, data: "echoed " }, handler);
  expect(connection).toMatchObject({ remoteAddress: "127.0.0.1", remotePort: server.port });
  connection.write("hello");
  await until(() => ends.length === 1);
  expect([got, ends]).toEqual(["echoed hello", ["handler"]]);
});

test.each([
  ["by path", `${tmpdir()}/tenk-connect-${process.pid}.sock`],
  ["in the abstract space", `\0tenk-c-${process.pid}`],
])("a Unix socket is connected to %s", async (_, path) => {
  server = await listen({ path }, echo);
  let got = "";
  const connection = await connect({ path }, { chunk: (__, bytes) => { got += new TextDecoder().decode(bytes); } }); // biome-ignore format: one thought
  connection.write("over unix");
  await until(() => got === "over unix");
});

test("a connect that is cancelled while its name is looked up does not go on", async () => {
  server = await listen({ host: "127.0.0.1" }, echo);
  const abort = new AbortController();
  const cancelled = connect({ host: "localhost", port: server.port, signal: abort.signal }, {});
  abort.abort();
  await expect(cancelled).rejects.toMatchObject({ code: "connect-aborted" });
  expect(server.counts().accepted).toBe(0);
});

test.each([
  [{ port: 70_000 }, "port"],
  [{ port: 1, localAddress: "here" }, "localAddress"],
  [{ port: 1, timeoutMs: Number.NaN }, "timeoutMs"],
])("what cannot be connected with is refused by name: %p", (options, name) => {
  expect(() => new Dialer(options, {})).toThrow(name);
});

test("the local address is the one asked for", async () => {
  server = await listen({ host: "127.0.0.1" }, { open: (connection) => connection.write(connection.remoteAddress) });
  let seen = "";
  await connect(
    { port: server.port, localAddress: "127.0.0.9" },
    { chunk: (_, bytes) => { seen = new TextDecoder().decode(bytes); } }, // biome-ignore format: one thought
  );
  await until(() => seen === "127.0.0.9");
});

test.each([
  [{ port: 1 }, "connect-refused", "ECONNREFUSED"],
  [{ host: "::1", port: 1 }, "connect-refused", "ECONNREFUSED"],
  [{ path: "/nowhere/at/all.sock" }, "connect-refused", "ENOENT"],
  [{ port: 1, localAddress: "192.0.2.1" }, "address-unavailable", "EADDRNOTAVAIL"],
  [{ host: "no-such-name.invalid", port: 1 }, "name-not-found", "ENOTFOUND"],
] as const)("%p fails as %s, caused by %s, and leaves no descriptor", async (options, code, cause) => {
  await connect(options, {}).catch(() => {});
  const before = descriptors().open;
  await expect(connect(options, {})).rejects.toMatchObject({ code, cause: { code: cause } });
  expect(descriptors().open).toBe(before);
});

test("a target that does not answer is given up after timeoutMs, or when the signal says so, and the descriptor is free", async () => {
  const port = await frozen(1);
  const dialer = new Dialer({ port, timeoutMs: 200 }, {});
  const before = descriptors().open;
  const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => dialer.connect()));
  const failed = attempts.filter((attempt) => attempt.status === "rejected");
  // A backlog of 1 takes two; the rest hang in SYN-SENT, where the runtime's own connect would keep them for two minutes.
  expect(failed.length).toBeGreaterThanOrEqual(5);
  for (const { reason } of failed)
    expect(reason).toMatchObject({ code: "connect-timeout", cause: { code: "ETIMEDOUT" } });
  expect(descriptors().open).toBe(before + 8 - failed.length);
  const abort = new AbortController();
  const cancelled = connect({ port, signal: abort.signal }, {});
  setTimeout(() => abort.abort(), 10);
  await expect(cancelled).rejects.toMatchObject({ code: "connect-aborted" });
  await expect(connect({ port, signal: AbortSignal.abort() }, {})).rejects.toMatchObject({ code: "connect-aborted" });
  expect(descriptors().open).toBe(before + 8 - failed.length);
});

test("a backlog of 4096 takes a burst whole where the runtime's 512 would not", async () => {
  const port = await frozen(4096);
  const dialer = new Dialer({ port, timeoutMs: 900 }, {});
  const attempts = await Promise.allSettled(Array.from({ length: 2000 }, () => dialer.connect()));
  expect(attempts.filter((attempt) => attempt.status === "fulfilled").length).toBe(2000);
  for (const attempt of attempts) if (attempt.status === "fulfilled") attempt.value.reset();
});
