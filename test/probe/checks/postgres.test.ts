import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, until } from "../../net/support.ts";
import { needs, RealServer } from "./servers.ts";
import { expectQueries } from "./sql-support.ts";

const ROOT = "/usr/lib/postgresql";
const newest = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a))[0] : undefined;
const program = (name: string) => join(ROOT, newest ?? "15", "bin", name);
const PROBES = Number(process.env.TENK_PROBES ?? 25);
/** 127.0.0.2 may not connect at all. */
const HBA =
  "host all all 127.0.0.2/32 reject\nhost all all 127.0.0.3/32 scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";

const start = (...more: string[]) =>
  RealServer.start(
    program("postgres"),
    (port, folder) => ["-D", join(folder, "data"), "-p", `${port}`, "-h", "127.0.0.1", "-k", folder, "-F", ...more],
    {
      user: "postgres",
      prepare(folder, ids) {
        writeFileSync(join(folder, "password"), "secret\n", { mode: 0o644 });
        const words = [
          "-D",
          join(folder, "data"),
          "-U",
          "probe",
          "-A",
          "scram-sha-256",
          "--pwfile=password",
          "-N",
          "--locale=C",
        ];
        spawnSync(program("initdb"), words, { cwd: folder, ...ids });
        writeFileSync(join(folder, "data/pg_hba.conf"), HBA);
      },
    },
  );

describe("a real PostgreSQL", () => {
  if (!needs(program("initdb"), "postgresql")) return;

  test("is up without a login, which it does not log; with one; and refuses whom pg_hba.conf does", async () => {
    await using server = await start();
    expect(await server.started({ kind: "postgres" })).toMatchObject({ result: "up" });
    await server.logs("ready to accept connections");
    const before = server.lines();
    for (let count = 0; count < PROBES; count++)
      expect(await server.probe({ kind: "postgres", localAddress: "127.0.0.3" })).toMatchObject({ result: "up" });
    const login = { kind: "postgres", user: "probe", database: "postgres", password: "secret" } as const;
    expect(await server.probe(login)).toMatchObject({
      result: "up",
      facts: { version: expect.stringMatching(/^\d+\.\d+/) },
    });
    expect(server.lines()).toBe(before);
    await expectQueries({ ...login, port: server.port });
    const reasons = [];
    for (const asked of [
      { ...login, password: "wrong" },
      { ...login, database: "none" },
      { ...login, localAddress: "127.0.0.2" },
    ]) {
      const outcome = await server.probe(asked);
      expect(outcome.result).toBe("restricted");
      reasons.push("reason" in outcome ? outcome.reason : "");
    }
    expect(reasons[0]).toContain("does not accept the probe's login");
    expect(reasons[1]).toContain("has no such database");
    expect(reasons[2]).toContain("refuses this machine's address: add a line for this address to pg_hba.conf");
  }, 60_000);

  test("that takes no more clients is degraded", async () => {
    await using server = await start(
      "-c",
      "max_connections=4",
      "-c",
      "superuser_reserved_connections=0",
      "-c",
      "max_wal_senders=0",
    );
    await server.started({ kind: "postgres" });
    // They sent their startup packets and are asked for their passwords, so each holds a place.
    const packet = Buffer.from("0000001300030000757365720074656e6b0000", "hex");
    const clients = [] as Client[];
    try {
      let outcome = await server.probe({ kind: "postgres" });
      while (outcome.result === "up") {
        const client = new Client(server.port);
        clients.push(client);
        client.socket.write(packet);
        await until(() => client.bytes > 0);
        outcome = await server.probe({ kind: "postgres" });
      }
      expect(outcome).toMatchObject({
        result: "degraded",
        reason: expect.stringContaining("takes no more clients: raise max_connections"),
      });
    } finally {
      for (const client of clients) client.socket.destroy();
    }
  }, 60_000);
});
