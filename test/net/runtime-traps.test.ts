/**
 * What `net/` relies on, or works around, in the runtime: one test a trap, against the runtime itself. When an upgrade of
 * Bun turns one of these red, read the file named behind it: either the workaround can go, or it no longer works.
 */
import { expect, test } from "bun:test";
import { until } from "./support.ts";

const quiet = { data() {} };
type Raw = { fd: number; remotePort: number | undefined };

test("listeners and sockets show their descriptor (ffi.ts, admission.ts)", async () => {
  let accepted: Raw | undefined;
  const open = (socket: unknown) => {
    accepted = socket as Raw;
  };
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { ...quiet, open } });
  const client = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: quiet });
  await until(() => accepted !== undefined);
  for (const each of [server, client, accepted]) expect((each as unknown as Raw).fd).toBeGreaterThan(2);
  server.stop(true);
});

test("write takes what the kernel takes and keeps nothing (outbox.ts)", async () => {
  let taken: number[] = [];
  const block = new Uint8Array(64 * 1024 * 1024);
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { ...quiet, open: (socket) => { taken = [socket.write(block), socket.write(block)]; } }, // biome-ignore format: one thought
  });
  const client = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port,
    socket: { ...quiet, open: (s) => s.pause() },
  });
  await until(() => taken.length === 2);
  expect(taken[0]).toBeGreaterThan(0);
  expect(taken[0]).toBeLessThan(block.length);
  expect(taken[1]).toBeLessThan(block.length / 2);
  client.terminate();
  server.stop(true);
});

test("end(data) takes no more than the kernel does and drops the rest, so connection.ts never passes it data", async () => {
  let taken = -1;
  const total = 32 * 1024 * 1024;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { ...quiet, open: (socket) => { taken = socket.end(new Uint8Array(total)); } }, // biome-ignore format: one thought
  });
  const client = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: quiet });
  await until(() => taken >= 0);
  expect(taken).toBeLessThan(total);
  client.terminate();
  server.stop(true);
});

test("a descriptor handed over while it connects opens at once and is connected when it is writable (dialer.ts)", async () => {
  const { dial, internetAddress } = await import("../../src/net/ffi.ts");
  const { socketSettings } = await import("../../src/net/settings.ts");
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: quiet });
  const events: string[] = [];
  const connectTo = (port: number, name: string) => {
    const fd = dial(internetAddress("127.0.0.1", port), { socket: socketSettings({}), from: undefined });
    const socket = {
      ...quiet,
      open: () => { events.push(`${name} open`); }, // biome-ignore format: a table
      drain: (s: Raw) => { events.push(`${name} drain ${s.remotePort === port}`); }, // biome-ignore format: a table
      close: (_: unknown, error?: { code?: string }) => { events.push(`${name} close ${error?.code}`); }, // biome-ignore format: a table
    };
    return Bun.connect({ fd, socket } as never);
  };
  await connectTo(server.port, "good");
  await until(() => events.length === 2);
  await connectTo(1, "refused");
  await until(() => events.includes("refused close ECONNREFUSED"));
  expect(events.slice(0, 2)).toEqual(["good open", "good drain true"]);
  expect(events).not.toContain("refused drain true");
  server.stop(true);
});

test("a half-open socket answers after the peer's FIN (loop/listener.ts)", async () => {
  let received = "";
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: { ...quiet, end: (socket) => { setTimeout(() => { socket.write("late"); socket.end(); }, 5); } }, // biome-ignore format: one thought
  });
  await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port,
    allowHalfOpen: true,
    socket: { open: (socket) => { socket.shutdown(); }, data: (_, bytes) => { received += bytes; } }, // biome-ignore format: one thought
  });
  await until(() => received === "late");
  server.stop(true);
});

test("reusePort is obeyed although undeclared, and its absence means in use (worker/pool.ts)", () => {
  const shared = { hostname: "127.0.0.1", socket: quiet, reusePort: true };
  const first = Bun.listen({ ...shared, port: 0 });
  const second = Bun.listen({ ...shared, port: first.port });
  const third = () => Bun.listen({ hostname: "127.0.0.1", port: first.port, socket: quiet });
  expect(third).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
  first.stop(true);
  second.stop(true);
});

test("at the descriptor limit our connect says so, where the runtime says refused (dialer.ts)", async () => {
  const script = `
    const { openSync } = await import("node:fs");
    const { connect } = await import("${import.meta.dir}/../../src/net/mod.ts");
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    await connect({ port: server.port }, {});
    try { for (;;) openSync("/dev/null", "r"); } catch {}
    const ours = await connect({ port: server.port }, {}).catch((error) => error.code);
    const theirs = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: { data() {} } }).catch((error) => error.code);
    console.log(ours, theirs);
    process.exit(0);`;
  const child = Bun.spawn(["sh", "-c", 'ulimit -n 200; exec "$0" -e "$1"', process.execPath, script], {
    stdout: "pipe",
  });
  expect((await new Response(child.stdout).text()).trim()).toBe("descriptors-exhausted ECONNREFUSED");
});
