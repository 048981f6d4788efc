import { afterAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { build, entries, type Target } from "../../scripts/build.ts";
import { EXECUTABLE, keepingIn } from "../cli/tenk.ts";

const ROOT = join(import.meta.dirname, "../..");
const CONNECTIONS = 200;
const BYTES_EACH = 20_000;
/** An emulated processor on a busy machine: what takes a second there may take a minute. */
const TIMEOUT_MS = 240_000;

const folder = mkdtempSync(join(tmpdir(), "tenk-executable-"));
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** The arm64 file runs on the core of a Raspberry Pi 4: Bun has shipped builds that crash on it (1.1.16, 1.3.7). */
const EMULATOR = { file: "/usr/bin/qemu-aarch64-static", libc: "/usr/aarch64-linux-gnu" };
const machines: Record<Target, string[]> = {
  x64: [],
  arm64: [EMULATOR.file, "-cpu", "cortex-a72", "-L", EMULATOR.libc],
};

test("every file that is loaded by address is a program of its own in the executable", () => {
  expect(entries()).toContain("net/worker/listener-program.ts");
  for (const path of entries()) expect(existsSync(join(ROOT, "src", path))).toBe(true);
});

describe.each(["x64", "arm64"] as const)("the executable for %s", (target) => {
  const isNative = target === process.arch;
  const hasEmulator = target === "arm64" && existsSync(EMULATOR.file) && existsSync(`${EMULATOR.libc}/lib/libc.so.6`);
  const needs = target === "arm64" ? "qemu-user-static and libc6-arm64-cross" : "an x64 machine";
  // The emulated one takes most of a minute of two cores.
  if (!isNative && process.env.CI !== "true") {
    test.skipIf(true)("is checked in CI, or with CI=true, as it takes long", () => {});
    return;
  }
  if (!isNative && !hasEmulator) {
    test.skipIf(process.env.CI !== "true")(`cannot be checked: needs ${needs}`, () => {
      throw new Error(`This check needs ${needs}, and must not be left out in CI`);
    });
    return;
  }

  test(
    `says its version, and echoes ${CONNECTIONS} connections byte for byte`,
    async () => {
      const words = isNative ? [] : machines[target];
      const program = (isNative && EXECUTABLE) || (await build(target, folder));
      expect(readdirSync(dirname(program)).filter((name) => name.includes(target))).toEqual([`tenk-linux-${target}`]);

      const [file = program, ...rest] = [...words, program];
      const version = spawnSync(file, [...rest, "--version"], { encoding: "utf8", cwd: folder });
      expect(version.stdout).toMatch(/^tenk \d+\.\d+\.\d+ \([0-9a-f]{7,}(-changed)?\)\n$/);

      const up = ["up", "--listen", "127.0.0.1:0", "--handler", "echo", "--workers", "2", "--dashboard", "127.0.0.1:0"];
      const box = spawn(file, [...rest, ...up, "--json"], {
        stdio: ["ignore", "pipe", "inherit"],
        cwd: folder,
        env: keepingIn(folder),
      });
      started.add(box);
      const { statusUrl, listeners } = JSON.parse(await firstLine(box));

      await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => echo(listeners[0].port, index)));
      const metrics = await (await fetch(new URL("/metrics", statusUrl))).text();
      expect(metrics).toMatch(new RegExp(`^tenk_\\w*accepted\\w*(\\{[^}]*\\})? ${CONNECTIONS}$`, "m"));
      expect(metrics).toMatch(new RegExp(`^tenk_\\w*bytes\\w*(\\{[^}]*\\})? ${CONNECTIONS * BYTES_EACH}$`, "m"));

      const page = await (await fetch(new URL("/", statusUrl))).text();
      const script = await fetch(new URL(/src="(assets\/page-[^"]+)"/.exec(page)![1]!, statusUrl));
      expect(await script.text()).toContain("/api/live");

      // An emulated one is late, and may still wait for an answer at the end: neither is what is checked here.
      const [connections, rate] = isNative ? [20, 10] : [5, 2];
      const load = ["load", "tcp", `127.0.0.1:${listeners[0].port}`, "-c", `${connections}`, "-r", `${rate}`];
      const more = ["-m", "ping", "-T", "1s", "-w", "2", "--connect-timeout", "60s", "--wait-reply"];
      const report = JSON.parse(
        await output(file, [...rest, ...load, ...more, "--stats-url", statusUrl, "--json", "-"]),
      );
      expect(report.connections).toMatchObject({ opened: connections, failed: 0, lost: 0 });
      expect(report.messages.received).toBeGreaterThan(0);
      expect(report.messages.received + report.messages.unanswered).toBe(report.messages.sent);
      expect(report.server.bytesReceived).toBe(report.bytes.sent);

      box.kill("SIGTERM");
      const [code, signal] = await once(box, "exit");
      expect({ code, signal }).toEqual({ code: 0, signal: null });

      // A demo starts itself a second time; an emulated program cannot be started like that.
      if (isNative) {
        const demo = JSON.parse(await output(program, ["demo", "-c", "50", "-T", "1s", "--json", "-"]));
        expect(demo.server.bytesReceived).toBe(demo.bytes.sent);
        expect(demo.connections.opened).toBe(50);
      }
    },
    TIMEOUT_MS,
  );
});

/** The first line a program prints; an error where it ends without one, rather than a long wait. */
async function firstLine(child: ChildProcess): Promise<string> {
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`It ended (${signal ?? `exit code ${code}`}) before it listened`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout!), "line"), ended]);
  return line;
}

/** What a program that must not fail prints; it may miss an expectation, since an emulated one is slow. */
async function output(file: string, words: string[]): Promise<string> {
  const child = spawn(file, words, { stdio: ["ignore", "pipe", "inherit"], cwd: folder, env: keepingIn(folder) });
  started.add(child);
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, "close");
  expect([0, 1]).toContain(code);
  return text;
}

/** Sends bytes that no other connection sends, and resolves when exactly these have come back. */
async function echo(port: number, index: number): Promise<void> {
  const sent = Buffer.from(Array.from({ length: BYTES_EACH }, (_, at) => (at * 31 + index * 7 + (at >> 8)) & 255));
  const socket = connect(port, "127.0.0.1");
  const received: Buffer[] = [];
  socket.end(sent);
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  await once(socket, "close");
  if (!Buffer.concat(received).equals(sent)) {
    throw new Error(
      `Connection ${index} sent ${sent.length} bytes and got ${Buffer.concat(received).length} others back`,
    );
  }
}
