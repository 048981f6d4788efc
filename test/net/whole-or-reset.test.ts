/**
 * The promise about bytes that `write` took (docs/tcp.md): they arrive in order, or the peer sees a reset; never a clean end
 * of a part. Every end × clear and TLS × small and large buffers × readers: a sample of them, `TENK_MATRIX=all` for each.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ListenOptions } from "../../src/net/mod.ts";
import { type Closing, ENDS, type End, LENGTH, PAYLOAD } from "./ends.ts";
import { buildGo, hasGo, testWithoutGo } from "./go.ts";

const AT_ONCE = 40;
const fixture = (name: string) => join(import.meta.dirname, "fixtures", `localhost-${name}.pem`);
const TLS = { cert: fixture("cert"), key: fixture("key") };

interface Case {
  end: End;
  tls: boolean;
  buffers: "small" | "large";
  reader: "fast" | "slow" | "pausing";
}

interface Result {
  id: number;
  bytes: number;
  wrong: number;
  end: string;
}

const all: Case[] = ENDS.flatMap((end) =>
  [false, true].flatMap((tls) =>
    (["small", "large"] as const).flatMap((buffers) =>
      (["fast", "slow", "pausing"] as const).map((reader) => ({ end, tls, buffers, reader })),
    ),
  ),
);
// Every end, three of its twelve ways: which ones differs from end to end, so that all of them are tried.
const cases =
  process.env.TENK_MATRIX === "all" ? all : all.filter((_, index) => (index + Math.floor(index / 12)) % 4 === 0);

let folder = "";
let clients: ChildProcess;
const waiting = new Map<number, (result: Result) => void>();

if (!hasGo) testWithoutGo("every end of a connection");
else {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tenk-ends-"));
    writeFileSync(join(folder, "payload"), PAYLOAD);
    clients = spawn(buildGo("reader", folder), { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: clients.stdout! }).on("line", (line) => {
      const result = JSON.parse(line) as Result;
      waiting.get(result.id)?.(result);
    });
  }, 120_000);
  afterAll(() => {
    clients.stdin?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  test(`what was written arrives whole, or the end is a reset: ${cases.length} of ${all.length} cases`, async () => {
    const wrong: string[] = [];
    const left = [...cases.entries()];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const complaint = await complaintOf(next[1], next[0]);
        if (complaint !== undefined) wrong.push(complaint);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(wrong).toEqual([]);
  }, 300_000);
}

async function complaintOf(one: Case, id: number): Promise<string | undefined> {
  const { end, tls, buffers, reader } = one;
  const isSmall = buffers === "small";
  const options: ListenOptions = { host: "127.0.0.1", writeQueueMaxBytes: 2 * LENGTH, ...(tls ? { tls: TLS } : {}) };
  const server: Closing = await end.serve(
    isSmall ? { ...options, sendBufferBytes: 16_384 } : options,
    join(folder, "payload"),
  );
  try {
    const finish = end.finish ?? "stay";
    const {
      bytes,
      wrong,
      end: how,
    } = await new Promise<Result>((resolve) => {
      waiting.set(id, resolve);
      const words = {
        id,
        port: server.port,
        tls,
        receiveBytes: isSmall ? 16_384 : 0,
        reader,
        finish: tls ? finish : finish.replace(/notify(-fin)?/, "fin"),
        length: LENGTH,
      };
      clients.stdin!.write(`${JSON.stringify(words)}\n`);
    });
    const isWhole = bytes === LENGTH && wrong === 0 && (how === "fin" || (how === "cut" && end.promised !== "whole"));
    const isReset = end.promised !== "whole" && wrong === 0 && (how === "reset" || how === "cut");
    if (isWhole || isReset) return undefined;
    return `${end.name}, ${tls ? "TLS" : "clear"}, ${buffers} buffers, ${reader}: ${bytes} bytes (${wrong} wrong), then ${how}`;
  } finally {
    await server.stop({ graceMs: 0 });
  }
}
