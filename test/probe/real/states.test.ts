/** States that real servers go through while a running tenk probes them. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import type { Instance } from "../../../src/app/mod.ts";
import type { ProbeView } from "../../../src/probe/mod.ts";
import { withInstance } from "../../app/reload-support.ts";
import { needs, RealServer } from "../checks/servers.ts";

const PATIENT_MS = 40_000;
const TIMEOUT_MS = 120_000;
const REDIS = "/usr/bin/redis-server";
const hasRedis = needs(REDIS, "redis-server");
const ROOT = "/usr/lib/postgresql";
const newest = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a))[0] : undefined;
const postgres = (name: string) => join(ROOT, newest ?? "15", "bin", name);
const hasPostgres = needs(postgres("initdb"), "postgresql");

const config = (services: string) =>
  `proxy: off\nservices: { ${services} }\nprobe: { interval: 1s, retries: [100ms, 100ms] }\n`;

async function untilState(instance: Instance, service: string, state: string, reason?: RegExp) {
  const untilMs = performance.now() + PATIENT_MS;
  for (;;) {
    const view = (await instance.status()).parts.probe as ProbeView;
    const found = view.services.find((each) => each.service === service);
    if (found?.state === state && (reason === undefined || reason.test(found.reason ?? ""))) return found;
    if (performance.now() > untilMs) throw new Error(`${service} is ${found?.state}: ${found?.reason}`);
    await Bun.sleep(20);
  }
}

/** Sends commands in Redis' inline form, and waits for as many replies. */
function commands(port: number, ...lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = createConnection(port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n`));
    socket.on("error", reject).on("data", (part) => {
      said += part;
      if (said.split("\r\n").length > lines.length) {
        socket.destroy();
        resolve(said);
      }
    });
  });
}

const redis = (port: number, folder: string, ...more: readonly string[]) =>
  `--port ${port} --bind 127.0.0.1 --dir ${folder} --save`.split(" ").concat("", ...more);

test.if(hasRedis)(
  "Redis is starting while it loads a file, and up when it has loaded it",
  async () => {
    // It waits a millisecond before each key, and looks for clients after each kilobyte.
    const slowly = ["--loading-process-events-interval-bytes", "1024", "--key-load-delay", "1000"];
    const saved = (folder: string) => {
      const lines = Array.from({ length: 20_000 }, (_, at) => `SET key-${at} ${"x".repeat(100)}`).join("\n");
      const seed = spawnSync(REDIS, [
        "--port",
        "0",
        "--unixsocket",
        join(folder, "s"),
        "--dir",
        folder,
        "--daemonize",
        "yes",
      ]);
      expect(seed.status).toBe(0);
      const cli = (input: string) => spawnSync("redis-cli", ["-s", join(folder, "s")], { input }).status;
      while (cli("PING\n") !== 0) Bun.sleepSync(20);
      expect(cli(`${lines}\nSAVE\nSHUTDOWN NOSAVE\n`)).toBe(0);
    };
    await using server = await RealServer.start(REDIS, (port, folder) => redis(port, folder, ...slowly), {
      prepare: saved,
    });
    await withInstance({}, config(`cache: "redis://127.0.0.1:${server.port}"`), async (instance, _, __, said) => {
      const view = await untilState(instance, "cache", "starting");
      expect(view.reason).toMatch(/^is starting: wait: it loads its data \(it says: LOADING /);
      expect(await commands(server.port, "CONFIG SET key-load-delay 0")).toContain("+OK");
      expect(await untilState(instance, "cache", "up")).toMatchObject({ reason: null, role: "master" });
      expect(said().filter((line) => /^service (?!starting)/.test(line))).toEqual(["service up"]);
    });
  },
  TIMEOUT_MS,
);

test.if(hasRedis)(
  "a replica of Redis is up beside its master, degraded without it, and up when the master is back",
  async () => {
    const delays = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"];
    const master = await RealServer.start(REDIS, (port, folder) => redis(port, folder, ...delays));
    await master.started({ kind: "redis" });
    await using replica = await RealServer.start(REDIS, (port, folder) =>
      redis(port, folder, "--replicaof", "127.0.0.1", `${master.port}`),
    );
    const services = `main: "redis://127.0.0.1:${master.port}", copy: "redis://127.0.0.1:${replica.port}"`;
    await withInstance({}, config(services), async (instance) => {
      await untilState(instance, "main", "up");
      expect(await untilState(instance, "copy", "up")).toMatchObject({ role: "replica" });
      await master[Symbol.asyncDispose]();
      expect((await untilState(instance, "copy", "degraded")).reason).toMatch(
        /^is a replica without its master: see whether the master runs and can be reached \(it says: replica of 127\.0\.0\.1:\d+, link: connect/,
      );
      await untilState(instance, "main", "down");
      await using _again = await RealServer.start(REDIS, (_, folder) => redis(master.port, folder, ...delays));
      await untilState(instance, "main", "up");
      await untilState(instance, "copy", "up");
    });
  },
  TIMEOUT_MS,
);

test.if(hasPostgres)(
  "PostgreSQL is starting while it recovers, up when it is promoted, and up though pg_hba.conf refuses us",
  async () => {
    let data = "";
    let ids = {};
    await using server = await RealServer.start(
      postgres("postgres"),
      (port, folder) => [
        "-D",
        join(folder, "data"),
        "-p",
        `${port}`,
        "-h",
        "127.0.0.1",
        "-k",
        folder,
        "-F",
        "-c",
        "hot_standby=off",
      ],
      {
        user: "postgres",
        prepare(folder, owner) {
          data = join(folder, "data");
          ids = owner;
          spawnSync(postgres("initdb"), ["-D", data, "-A", "trust", "-N", "--locale=C"], { cwd: folder, ...ids });
          // A standby whose master sends nothing.
          writeFileSync(join(data, "standby.signal"), "");
          writeFileSync(join(data, "postgresql.auto.conf"), "restore_command = 'false'\n");
        },
      },
    );
    const hba = (line: string) => writeFileSync(join(data, "pg_hba.conf"), line);
    const control = (command: string) => {
      const { status, stderr } = spawnSync(postgres("pg_ctl"), [command, "-D", data], { cwd: data, ...ids });
      expect([status, stderr.toString()]).toEqual([0, ""]);
    };
    await withInstance({}, config(`db: "postgres://127.0.0.1:${server.port}"`), async (instance, _, __, said) => {
      expect((await untilState(instance, "db", "starting")).reason).toMatch(/^is starting: wait: .*\(57P03\)\)$/);
      hba("host all all 127.0.0.1/32 scram-sha-256\n");
      control("promote");
      control("reload");
      expect((await untilState(instance, "db", "up")).reason).toBeNull();
      hba("host all all 127.0.0.1/32 reject\n");
      control("reload");
      const refused =
        /^is up and refuses this machine's address: add a line for this address to pg_hba\.conf, then reload/;
      await untilState(instance, "db", "up", refused);
      expect(said().filter((line) => /^service (?!starting)/.test(line))).toEqual(["service up"]);
    });
  },
  TIMEOUT_MS,
);
