import { describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../../src/net/mod.ts";
import { relay } from "../../src/tcp/mod.ts";
import { Client, freePort, until } from "../net/support.ts";

/** Where Debian puts the newest PostgreSQL's programs. */
const POSTGRES_ROOT = "/usr/lib/postgresql";
const newest = existsSync(POSTGRES_ROOT) ? readdirSync(POSTGRES_ROOT).sort((a, b) => Number(b) - Number(a))[0] : "";
const postgres = (program: string) => join(POSTGRES_ROOT, newest ?? "", "bin", program);
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const hasPostgres = existsSync(postgres("initdb")) && spawnSync("pgbench", ["--version"]).status === 0;

function needed(what: string): void {
  test.skipIf(process.env.CI !== "true")(`cannot be tried: needs ${what}`, () => {
    throw new Error(`This check needs ${what}, and must not be left out in CI`);
  });
}

async function run(program: string, words: string[], options: object = {}): Promise<{ code: number; said: string }> {
  const child = spawn(program, words, { stdio: "pipe", ...options }) as ChildProcess;
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
  const [code] = (await once(child, "close")) as [number];
  return { code, said };
}

async function answers(port: number): Promise<void> {
  let client = new Client(port);
  await until(() => {
    if (client.errorCode !== undefined) client = new Client(port);
    return !client.socket.connecting && client.errorCode === undefined;
  }, 10_000);
  client.socket.destroy();
}

/** All pairs are gone, and each ended as its two sides wanted. */
async function settled(server: Awaited<ReturnType<typeof listen>>): Promise<void> {
  await until(() => server.counts().active === 0);
  const { closed, handlerErrors } = server.counts();
  expect(handlerErrors).toBe(0);
  expect(closed["no-target"] + closed.target + closed.system + closed["write-queue-full"] + closed.stalled).toBe(0);
}

describe("in front of a real Redis", () => {
  if (!hasRedis) return needed("redis-server");

  test("redis-benchmark goes through the relay, pipelined, over 50 connections, without one error", async () => {
    const port = await freePort();
    const words = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const redis = spawn("redis-server", words, { stdio: "ignore" });
    try {
      await answers(port);
      await using server = await listen(
        { host: "127.0.0.1", halfOpen: true },
        relay({ targets: [`127.0.0.1:${port}`] }),
      );
      const bench = [
        "-p",
        String(server.port),
        "-n",
        "20000",
        "-c",
        "50",
        "-P",
        "8",
        "-d",
        "200",
        "-t",
        "set,get",
        "-q",
      ];
      const { code, said } = await run("redis-benchmark", bench);
      expect({ code, said }).toMatchObject({ code: 0, said: expect.stringMatching(/SET: .*requests per second/) });
      expect(said).toMatch(/GET: .*requests per second/);
      expect(said).not.toContain("rror");
      expect(server.counts().accepted).toBeGreaterThanOrEqual(100);
      expect(server.counts().bytesRead).toBeGreaterThan(20_000 * 200);
      await settled(server);
    } finally {
      redis.kill();
      await once(redis, "close");
    }
  }, 30_000);
});

describe("in front of a real PostgreSQL", () => {
  if (!hasPostgres) return needed("postgresql");

  test("pgbench goes through the relay, eight clients, without one failed transaction", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-postgres-"));
    // PostgreSQL refuses to run as root.
    const ids = process.getuid?.() === 0 ? idsOf("postgres") : undefined;
    if (ids !== undefined) chownSync(folder, ids.uid, ids.gid);
    const data = join(folder, "data");
    const made = await run(postgres("initdb"), ["-D", data, "-U", "tenk", "-A", "trust", "-N", "--locale=C"], {
      ...ids,
      cwd: folder,
    });
    expect(made).toMatchObject({ code: 0 });
    const port = await freePort();
    const options = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-F"];
    const database = spawn(postgres("postgres"), options, { stdio: "ignore", cwd: folder, ...ids });
    try {
      // It takes connections before it takes clients.
      while ((await run(postgres("pg_isready"), ["-h", "127.0.0.1", "-p", String(port), "-q"])).code !== 0);
      await using server = await listen(
        { host: "127.0.0.1", halfOpen: true },
        relay({ targets: [`127.0.0.1:${port}`] }),
      );
      const at = ["-h", "127.0.0.1", "-p", String(server.port), "-U", "tenk"];
      expect(await run("pgbench", ["-i", "-q", ...at, "postgres"])).toMatchObject({ code: 0 });
      const { code, said } = await run("pgbench", ["-c", "8", "-t", "50", ...at, "postgres"]);
      expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining("actually processed: 400/400") });
      await settled(server);
    } finally {
      database.kill("SIGINT");
      await once(database, "close");
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});

function idsOf(user: string): { uid: number; gid: number } {
  const number = (flag: string) => Number(spawnSync("id", [flag, user]).stdout.toString());
  return { uid: number("-u"), gid: number("-g") };
}
