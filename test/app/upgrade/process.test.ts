import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Status } from "../../../src/app/mod.ts";
import { closedPort } from "../../alerts/sink.ts";
import { keepingIn } from "../../cli/tenk.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");
const FAKE = join(import.meta.dirname, "fake-successor.ts");
const CONNECT_EVERY_MS = 5;
const HELD = 100;

const folder = mkdtempSync(join(tmpdir(), "upgrade-"));
/** The installed program: a copy of the runtime, which runs our source. */
const program = join(folder, "tenk");
let child: ChildProcess;
let [tcp, dns, dashboard] = [0, 0, 0];
let log = "";

beforeAll(async () => {
  copyFileSync(process.execPath, program);
  [tcp, dns, dashboard] = [await closedPort(), await closedPort(), await closedPort()];
  writeFileSync(
    join(folder, "tenk.yaml"),
    `tcp: { echo: { listen: "127.0.0.1:${tcp}", handler: echo, workers: 2 } }
dns: { listen: "127.0.0.1:${dns}", mdns: false, tls: off, https: off, blocklists: [], records: ["box.home.arpa A 192.0.2.7"] }
proxy: off
containers: off
dashboard: { listen: "127.0.0.1:${dashboard}" }
data: { folder: ./data }
upgrade: { timeout: 60s, drain: 60s }
`,
  );
  child = spawn(program, [MAIN, "up", "--config", "tenk.yaml"], {
    cwd: folder,
    env: keepingIn(folder),
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr!.on("data", (text) => {
    log += text;
  });
  await until(async () => (await status()) !== undefined, "it is up");
}, 60_000);

afterAll(async () => {
  const now = await status();
  if (now !== undefined) process.kill(now.process.pid, "SIGTERM");
  child.kill("SIGTERM");
  await until(async () => (await status()) === undefined, "it has stopped");
  rmSync(folder, { recursive: true, force: true });
});

async function status(): Promise<Status | undefined> {
  const options = { signal: AbortSignal.timeout(2000), headers: { connection: "close" } };
  const response = await fetch(`http://127.0.0.1:${dashboard}/api/status`, options).catch(() => undefined);
  return response?.ok ? ((await response.json()) as Status) : undefined;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + 25_000; !(await condition()); ) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends a byte on a connection. @returns what went wrong */
function echoed(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("no answer"), 10_000).unref();
    socket.once("data", () => resolve(undefined));
    socket.once("error", (error) => resolve(String(error)));
    socket.once("close", () => resolve("closed"));
    socket.write("x");
  });
}

/** Connects again and again, echoes a byte, and asks for a name; counts what failed. */
class Load {
  readonly failures: string[] = [];
  connects = 0;
  answers = 0;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    this.#timer = setInterval(() => {
      this.#run(this.#connect());
      this.#run(this.#ask());
    }, CONNECT_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  async #connect(): Promise<void> {
    const socket = connect(tcp, "127.0.0.1");
    const problem = await echoed(socket);
    if (problem !== undefined) this.failures.push(`tcp: ${problem}`);
    this.connects += 1;
    socket.destroy();
  }

  async #ask(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = await Bun.udpSocket({
      connect: { hostname: "127.0.0.1", port: dns },
      socket: { data: () => resolve(true), error: () => resolve(false) },
    });
    socket.send(QUERY);
    const timer = setTimeout(() => resolve(false), 10_000);
    if (!(await promise)) this.failures.push("dns: no answer");
    clearTimeout(timer);
    this.answers += 1;
    socket.close();
  }
}

/** A query for the address of box.home.arpa. */
const QUERY = new Uint8Array([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 0x62, 0x6f, 0x78, 4, 0x68, 0x6f, 0x6d, 0x65, 4, 0x61, 0x72, 0x70, 0x61, 0, 0, 1, 0, 1]); // biome-ignore format: one line

/** Has the running process upgrade, and waits for the end. */
async function upgraded(): Promise<Status> {
  const before = (await status())!;
  process.kill(before.process.pid, "SIGUSR2");
  let now: Status | undefined;
  await until(async () => {
    now = await status();
    const { last = null, isUnderWay = true } = now?.upgrade ?? {};
    return !isUnderWay && last !== null && last.startedAtMs > (before.upgrade.last?.startedAtMs ?? 0);
  }, "an upgrade has ended");
  return now!;
}

/** Puts a broken program in the place of the installed one. */
function installFake(how: string): void {
  writeFileSync(`${program}.new`, `#!/bin/sh\nexec ${process.execPath} ${FAKE} ${how}\n`);
  chmodSync(`${program}.new`, 0o755);
  renameSync(`${program}.new`, program);
}

describe("an upgrade", () => {
  test("loses no connect, no open connection and no query", async () => {
    const held = Array.from({ length: HELD }, () => connect(tcp, "127.0.0.1"));
    expect(await Promise.all(held.map(echoed))).toEqual(held.map(() => undefined));
    const load = new Load();
    const before = (await status())!;
    const after = await upgraded();
    await until(() => load.connects > 100 && load.answers > 100, "some load");
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(after.process.pid).not.toBe(before.process.pid);
    expect(after.upgrade.last).toMatchObject({ result: "done", reason: null });
    expect(await Promise.all(held.map(echoed))).toEqual(held.map(() => undefined));
    for (const socket of held) socket.destroy();
    // The process before ends with its last connection.
    await until(() => child.exitCode !== null, "the process before has ended");
    expect(child.exitCode).toBe(0);
  }, 60_000);

  test.each([
    ["exits", "it ended with code 7 before it was ready"],
    ["fails", "tcp.echo.listen: expected a port"],
    ["dies", "it ended with code 9 before it was serving"],
    ["unhealthy", "/healthz answers 503"],
  ])(
    "to a program that %s leaves everything as it was",
    async (how, reason) => {
      installFake(how);
      const load = new Load();
      const before = (await status())!;
      const after = await upgraded();
      const seen = load.connects;
      await until(() => load.connects > seen + 20, "some load");
      await load.stop();
      expect(after.upgrade.last).toMatchObject({ result: "failed", reason });
      expect(after.process.pid).toBe(before.process.pid);
      expect(load.failures).toEqual([]);
    },
    60_000,
  );

  test("to a program that hangs ends after its time; another one meanwhile is rejected, and a stop ends both", async () => {
    installFake("hangs");
    const { pid } = (await status())!.process;
    process.kill(pid, "SIGUSR2");
    await until(async () => (await status())!.upgrade.isUnderWay, "it begins");
    process.kill(pid, "SIGUSR2");
    await until(() => log.includes('upgrade rejected why="another one is under way"'), "it is rejected");
    process.kill(pid, "SIGTERM");
    await until(async () => (await status()) === undefined, "it has stopped");
    expect(log).toContain("tenk was stopped before it was ready");
  }, 60_000);
});
