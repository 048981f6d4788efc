/**
 * What `net/` relies on, or works around, in the runtime: one test a trap, against the runtime itself. When an upgrade of Bun
 * turns one of these red, read its row in docs/architecture.md: either the workaround can go, or it no longer works.
 */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplicate } from "../../src/net/inherit/mod.ts";
import { keptSocket } from "./inherit/sockets.ts";
import { until } from "./support.ts";

const quiet = { data() {} };
type Raw = { fd: number; remotePort: number | undefined };

/** Begun before all tests, as it takes four seconds. */
const timeoutOfASecond = (async () => {
  let isClosed = false;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { ...quiet, close: () => { isClosed = true; } }, // biome-ignore format: one thought
  });
  const fromMs = performance.now();
  const tookMs = await new Promise<number>((resolve) => {
    const timeout = () => resolve(performance.now() - fromMs);
    void Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: { ...quiet, open: (s) => s.timeout(1), timeout },
    });
  });
  await Bun.sleep(50);
  const seen = { tookMs, isClosed };
  server.stop(true);
  return seen;
})();

/** What `ss` tells of sockets in a state, at a local or remote port. */
function sockets(state: string, filter: string): string[] {
  const { stdout } = spawnSync("ss", ["-tnH", "state", state, filter], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

test("listeners and sockets show their descriptor", async () => {
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

test("a listener by descriptor has no port, and closes the descriptor", async () => {
  using kept = keptSocket("tcp");
  const descriptor = duplicate(kept.descriptor);
  let accepted = 0;
  const open = () => {
    accepted++;
  };
  const server = Bun.listen({ fd: descriptor, socket: { ...quiet, open } } as never) as unknown as Raw & {
    port?: number;
    stop(now: boolean): void;
  };
  expect([server.fd, server.port]).toEqual([descriptor, undefined]);
  await Bun.connect({ hostname: "127.0.0.1", port: kept.port, socket: quiet });
  await until(() => accepted === 1);
  server.stop(true);
  expect(() => duplicate(descriptor)).toThrow("EBADF");
  // What waits for accept is kept by the other descriptor.
  const waits = await Bun.connect({ hostname: "127.0.0.1", port: kept.port, socket: quiet });
  expect(waits.readyState).toBe(1);
});

test("a listener on a Unix socket removes its file when it stops", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-traps-"));
  const unix = join(folder, "x.sock");
  const server = Bun.listen({ unix, socket: quiet });
  expect(existsSync(unix)).toBe(true);
  server.stop(false);
  expect(existsSync(unix)).toBe(false);
  rmSync(folder, { recursive: true });
});

test("write takes what the kernel takes and keeps nothing", async () => {
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

test("end(data) drops what the kernel does not take", async () => {
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

test("a descriptor handed over while it connects opens at once and is connected when it is writable", async () => {
  const { dial } = await import("../../src/net/ffi.ts");
  const { internetAddress } = await import("../../src/net/socket-address.ts");
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

test("a half-open socket answers after the peer's FIN", async () => {
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

test("reusePort is obeyed although undeclared, and its absence means in use", () => {
  const shared = { hostname: "127.0.0.1", socket: quiet, reusePort: true };
  const first = Bun.listen({ ...shared, port: 0 });
  const second = Bun.listen({ ...shared, port: first.port });
  const third = () => Bun.listen({ hostname: "127.0.0.1", port: first.port, socket: quiet });
  expect(third).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
  first.stop(true);
  second.stop(true);
});

test("at the descriptor limit our connect says so, where the runtime says refused", async () => {
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

test("a listener's backlog is 512, whatever is asked for", () => {
  const options = { hostname: "127.0.0.1", port: 0, backlog: 4096, socket: quiet };
  const server = Bun.listen(options);
  const [line = ""] = sockets("listening", `sport = :${server.port}`);
  // Recv-Q, Send-Q: of a listener how many wait, and how many may.
  expect(line.trim().split(/\s+/).slice(0, 2)).toEqual(["0", "512"]);
  server.stop(true);
});

test("a socket that is not half-open is closed at the peer's FIN with bytes waiting", async () => {
  let left = 32 * 1024 * 1024;
  let leftAtClose = -1;
  const send = (socket: { write(bytes: Uint8Array): number }) => {
    left -= Math.max(0, socket.write(new Uint8Array(left)));
  };
  const close = () => {
    leftAtClose = left;
  };
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { ...quiet, open: send, drain: send, close } });
  const client = createConnection({ host: "127.0.0.1", port: server.port, allowHalfOpen: true });
  client.on("error", () => {});
  client.pause();
  client.end();
  await until(() => leftAtClose >= 0);
  expect(leftAtClose).toBeGreaterThan(0);
  client.destroy();
  server.stop(true);
});

test("a timeout comes in steps of four seconds and closes nothing", async () => {
  const { tookMs, isClosed } = await timeoutOfASecond;
  expect(tookMs).toBeGreaterThan(3000);
  expect(isClosed).toBe(false);
}, 30_000);

test("a connect is not cancelled by a signal", async () => {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/frozen-listener.ts`, "1"], { stdout: "pipe" });
  try {
    const { value } = await child.stdout.getReader().read();
    const port = Number(new TextDecoder().decode(value));
    await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.[0] === "T");
    const abort = new AbortController();
    let settled = 0;
    const socket = { ...quiet, error() {}, connectError() {} };
    const request = { hostname: "127.0.0.1", port, socket, signal: abort.signal, timeout: 1 };
    // A backlog of 1 takes two.
    for (let each = 0; each < 4; each++) {
      const settle = () => { settled += 1; }; // biome-ignore format: one thought
      Bun.connect(request as never).then(settle, settle);
    }
    await until(() => settled >= 2 && sockets("syn-sent", `dport = :${port}`).length > 0);
    const before = settled;
    abort.abort();
    await Bun.sleep(100);
    expect(settled).toBe(before);
    expect(sockets("syn-sent", `dport = :${port}`).length).toBe(4 - before);
  } finally {
    child.kill("SIGKILL");
  }
});

test("accept spins while no descriptor is free", async () => {
  const script = `
    const { openSync } = await import("node:fs");
    const { createConnection } = await import("node:net");
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    console.log(server.port);
    process.stdin.once("data", () => {
      try { for (;;) openSync("/dev/null", "r"); } catch {}
      console.log("full");
    });`;
  const child = Bun.spawn(["sh", "-c", 'ulimit -n 200; exec "$0" -e "$1"', process.execPath, script], {
    stdin: "pipe",
    stdout: "pipe",
  });
  const cpuMs = () => {
    const columns = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return 10 * (Number(columns[11]) + Number(columns[12]));
  };
  try {
    const output = child.stdout.getReader();
    const read = async () => new TextDecoder().decode((await output.read()).value);
    const port = Number(await read());
    child.stdin.write("go");
    child.stdin.flush();
    expect(await read()).toContain("full");
    const idleMs = cpuMs();
    const client = createConnection(port, "127.0.0.1");
    client.on("error", () => {});
    await once(client, "connect");
    // At rest it takes next to nothing.
    await until(() => cpuMs() - idleMs > 300, 20_000);
    client.destroy();
  } finally {
    child.kill("SIGKILL");
  }
}, 30_000);

test("a write to a peer that has reset answers -1, and a pause then hides the close", async () => {
  let ours: { write(text: string): number; pause(): void; terminate(): void } | undefined;
  const told: string[] = [];
  const socket = {
    ...quiet,
    open: (opened: unknown) => { ours = opened as typeof ours; }, // biome-ignore format: a table
    close: () => void told.push("close"),
    error: () => void told.push("error"),
  };
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, allowHalfOpen: true, socket });
  const client = createConnection(server.port, "127.0.0.1");
  await once(client, "connect");
  await until(() => ours !== undefined);
  client.resetAndDestroy();
  // In the same turn of the event loop: nobody was told of the reset yet.
  expect(ours!.write("x")).toBe(-1);
  ours!.pause();
  await Bun.sleep(100);
  expect(told).toEqual([]);
  ours!.terminate();
  server.stop(true);
});
