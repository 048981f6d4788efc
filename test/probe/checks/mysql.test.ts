import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { needs, RealServer } from "./servers.ts";
import { expectQueries } from "./sql-support.ts";

const PROGRAM = "/usr/sbin/mariadbd";
const PROBES = Number(process.env.TENK_PROBES ?? 25);

/** A MariaDB that blocks an address after three failed connects, and has a user for probes. */
const start = () =>
  RealServer.start(
    PROGRAM,
    (port, folder) => [
      "--no-defaults",
      `--datadir=${join(folder, "data")}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--socket=${join(folder, "s")}`,
      "--max-connect-errors=3",
      `--init-file=${join(folder, "init.sql")}`,
    ],
    {
      user: "mysql",
      prepare(folder, ids) {
        const words = [
          "--no-defaults",
          `--datadir=${join(folder, "data")}`,
          "--skip-test-db",
          "--auth-root-authentication-method=normal",
        ];
        spawnSync("mariadb-install-db", words, { cwd: folder, ...ids });
        spawnSync("sh", ["-c", "echo \"CREATE USER IF NOT EXISTS tenk IDENTIFIED BY 'secret';\" > init.sql"], {
          cwd: folder,
          ...ids,
        });
      },
    },
  );

describe("a real MariaDB", () => {
  if (!needs(PROGRAM, "mariadb-server")) return;

  test("never blocks the probe's address, and logs nothing about a probe that has a user", async () => {
    await using server = await start();
    const login = { kind: "mysql", user: "tenk", password: "secret", localAddress: "127.0.0.2" } as const;
    expect(await server.started(login)).toMatchObject({
      result: "up",
      facts: { version: expect.stringMatching(/^1\d\.\d+\.\d+-MariaDB/) },
    });
    await server.logs("ready for connections");
    const before = server.lines();
    for (let count = 0; count < PROBES; count++) expect(await server.probe(login)).toMatchObject({ result: "up" });
    expect(server.lines()).toBe(before);
    await expectQueries({ ...login, port: server.port });
    for (let count = 0; count < 6; count++) {
      expect(await server.probe({ kind: "mysql", localAddress: "127.0.0.2" })).toMatchObject({
        result: "restricted",
        reason: expect.stringMatching("wants a password"),
      });
    }
    // Others that connect and never log in do get it blocked.
    for (let count = 0; count < 4; count++) await server.probe({ kind: "redis", localAddress: "127.0.0.2" });
    expect(await server.probe(login)).toMatchObject({
      result: "restricted",
      reason: expect.stringContaining("has blocked this machine's address after failed connects: run `FLUSH HOSTS`"),
    });
  }, 60_000);
});
