import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import type { HandshakeCheck } from "../../../src/probe/checks/mod.ts";
import { checkHandshake } from "../../../src/probe/checks/mod.ts";
import type { Outcome } from "../../../src/probe/health/mod.ts";
import { selfSigned } from "../../net/self-signed.ts";
import { captured, captures } from "../../wire/handshake/support.ts";
import { reasonOf, Servers } from "./http-support.ts";
import { needs, RealServer } from "./servers.ts";
import { expectQueries } from "./sql-support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-probe-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { cert, key } = selfSigned(folder, "own");
chmodSync(folder, 0o755);
chmodSync(key, 0o644);
const tls = { ca: cert };

type Probe = (more: Partial<HandshakeCheck>) => Promise<Outcome>;

/** The certificate is accepted by who knows its issuer, and its last day is known to others too. */
async function expectVerified(probe: Probe, up: object = { result: "up" }): Promise<void> {
  const inThirtyDays = (outcome: Outcome) =>
    expect(Math.round(((outcome.facts.certificateUntilMs ?? 0) - Date.now()) / 86_400_000)).toBe(30);
  const good = await probe({ tls });
  expect(good).toMatchObject(up);
  inThirtyDays(good);
  expect(await probe({ tls: { verify: false } })).toMatchObject(up);
  const stranger = await probe({ tls: {} });
  expect(stranger).toMatchObject({
    result: "down",
    reason: expect.stringContaining("is signed by itself: give the probe"),
  });
  inThirtyDays(stranger);
  expect(await probe({ tls, certificateDays: 31 })).toMatchObject({
    result: "degraded",
    reason: "its certificate is over in 29 days",
  });
}

if (needs("/usr/bin/redis-server", "redis-server"))
  test("a real Redis with TLS and a password", async () => {
    const words = (port: number, dir: string) => [
      ...["--port", "0", "--tls-port", `${port}`, "--tls-cert-file", cert, "--tls-key-file", key, "--dir", dir],
      ...["--tls-auth-clients", "no", "--save", "", "--requirepass", "secret"],
    ];
    await using server = await RealServer.start("/usr/bin/redis-server", words);
    const login = { kind: "redis", password: "secret" } as const;
    expect(await server.started({ ...login, tls })).toMatchObject({ result: "up", facts: { role: "master" } });
    await expectVerified((more) => server.probe({ ...login, ...more }));
    expect(reasonOf(await server.probe({ ...login, tls, password: "wrong" }))).toContain(
      "does not accept the probe's login",
    );
  });

const PG_ROOT = "/usr/lib/postgresql";
const newest = existsSync(PG_ROOT) ? readdirSync(PG_ROOT).sort((a, b) => Number(b) - Number(a))[0] : undefined;
const pg = (name: string) => join(PG_ROOT, newest ?? "15", "bin", name);

if (needs(pg("initdb"), "postgresql"))
  test("a real PostgreSQL with TLS, by SSLRequest, also with a password in the clear under it", async () => {
    const prepare = (dir: string, ids: object) => {
      const data = join(dir, "data");
      spawnSync(pg("initdb"), ["-D", data, "-U", "probe", "-A", "trust", "-N", "--locale=C"], { cwd: dir, ...ids });
      copyFileSync(key, join(dir, "key"));
      chmodSync(join(dir, "key"), 0o600);
      const { uid, gid } = statSync(dir);
      chownSync(join(dir, "key"), uid, gid);
      const hba =
        "hostssl all all 127.0.0.2/32 password\nhostssl all all 127.0.0.0/8 scram-sha-256\nhost all all 127.0.0.3/32 password\n";
      writeFileSync(join(data, "pg_hba.conf"), hba);
      const sql = "ALTER USER probe PASSWORD 'secret';";
      spawnSync(pg("postgres"), ["--single", "-D", data, "postgres"], { cwd: dir, input: sql, ...ids });
    };
    const words = (port: number, dir: string) => [
      ...["-D", join(dir, "data"), "-p", `${port}`, "-h", "127.0.0.1", "-k", dir, "-F"],
      ...["-c", "ssl=on", "-c", `ssl_cert_file=${cert}`, "-c", `ssl_key_file=${join(dir, "key")}`],
    ];
    await using server = await RealServer.start(pg("postgres"), words, { user: "postgres", prepare });
    const login = { kind: "postgres", user: "probe", password: "secret", database: "postgres" } as const;
    expect(await server.started({ ...login, tls })).toMatchObject({
      result: "up",
      facts: { version: expect.any(String) },
    });
    await expectVerified((more) => server.probe({ ...login, ...more }));
    await expectQueries({ ...login, port: server.port, tls: { ca: cert, serverName: "dns.example" } });
    const inTheClear = { ...login, localAddress: "127.0.0.2" };
    expect(await server.probe({ ...inTheClear, tls })).toMatchObject({
      result: "up",
      facts: { version: expect.any(String) },
    });
    expect(reasonOf(await server.probe({ ...login, tls, password: "wrong" }))).toContain(
      "does not accept the probe's login",
    );
    expect(reasonOf(await server.probe(login))).toContain("refuses this machine's address");
    // Without TLS such a password would be readable by others.
    expect(reasonOf(await server.probe({ ...login, localAddress: "127.0.0.3" }))).toContain(
      "a form that others could read",
    );
  }, 60_000);

if (needs("/usr/sbin/mariadbd", "mariadb-server"))
  test("a real MariaDB with TLS", async () => {
    const prepare = (dir: string, ids: object) => {
      const words = ["--no-defaults", `--datadir=${join(dir, "data")}`, "--skip-test-db"];
      spawnSync("mariadb-install-db", [...words, "--auth-root-authentication-method=normal"], { cwd: dir, ...ids });
      writeFileSync(join(dir, "init.sql"), "CREATE USER IF NOT EXISTS tenk IDENTIFIED BY 'secret' REQUIRE SSL;\n");
      chmodSync(join(dir, "init.sql"), 0o644);
    };
    const words = (port: number, dir: string) => [
      ...["--no-defaults", `--datadir=${join(dir, "data")}`, `--port=${port}`, "--bind-address=127.0.0.1"],
      ...[
        `--socket=${join(dir, "s")}`,
        `--init-file=${join(dir, "init.sql")}`,
        `--ssl-cert=${cert}`,
        `--ssl-key=${key}`,
      ],
    ];
    await using server = await RealServer.start("/usr/sbin/mariadbd", words, { user: "mysql", prepare });
    const login = { kind: "mysql", user: "tenk", password: "secret" } as const;
    expect(await server.started({ ...login, tls })).toMatchObject({ result: "up" });
    await expectVerified((more) => server.probe({ ...login, ...more }));
    await expectQueries({ ...login, port: server.port, tls: { ca: cert, serverName: "dns.example" } });
    for (const wrong of [login, { ...login, tls, password: "wrong" }])
      expect(reasonOf(await server.probe(wrong))).toContain("does not accept the probe's login");
  }, 60_000);

if (needs("/usr/sbin/mosquitto", "mosquitto"))
  test("a real mosquitto with TLS and a password", async () => {
    const words = (port: number, dir: string) => {
      spawnSync("mosquitto_passwd", ["-c", "-b", join(dir, "users"), "me", "secret"]);
      const text = `listener ${port} 127.0.0.1\ncertfile ${cert}\nkeyfile ${key}\npassword_file ${join(dir, "users")}\n`;
      writeFileSync(join(dir, "c"), text);
      for (const name of ["c", "users"]) chmodSync(join(dir, name), 0o644);
      chmodSync(dir, 0o755);
      return ["-c", join(dir, "c")];
    };
    await using server = await RealServer.start("/usr/sbin/mosquitto", words);
    const login = { kind: "mqtt", user: "me", password: "secret" } as const;
    expect(await server.started({ ...login, tls })).toMatchObject({ result: "up" });
    await expectVerified((more) => server.probe({ ...login, ...more }));
    expect(await server.probe({ ...login, tls, password: "wrong" })).toMatchObject({
      result: "restricted",
      reason: expect.stringContaining("check the probe's user and password"),
    });
  });

if (needs("/usr/sbin/nats-server", "nats-server"))
  test.each([
    [["--user", "me", "--pass", "secret"], { user: "me", password: "secret" }],
    [["--auth", "secret"], { password: "secret" }],
  ])("a real NATS server with TLS and %p", async (more: string[], secret: object) => {
    const words = (port: number) => [
      "-a",
      "127.0.0.1",
      "-p",
      `${port}`,
      "--tls",
      "--tlscert",
      cert,
      "--tlskey",
      key,
      ...more,
    ];
    await using server = await RealServer.start("/usr/sbin/nats-server", words);
    const login = { kind: "nats", ...secret } as const;
    expect(await server.started({ ...login, tls })).toMatchObject({ result: "up" });
    await expectVerified((more) => server.probe({ ...login, ...more }));
    expect(reasonOf(await server.probe(login))).toContain("is up and wants TLS: let the probe use it");
    expect(reasonOf(await server.probe({ ...login, tls, password: "wrong" }))).toContain(
      "does not accept the probe's login",
    );
  });

describe("TLS from the first byte", () => {
  const GREETINGS: readonly [HandshakeCheck["kind"], string][] = [
    ["smtp", "220 mail.home.arpa ESMTP\r\n"],
    ["imap", "* OK IMAP4rev1\r\n"],
    ["ftp", "220 FTP\r\n"],
    ["ssh", "SSH-2.0-OpenSSH_9.2\r\n"],
  ];
  async function tlsServer(servers: Servers, talk: (socket: TLSSocket) => void): Promise<number> {
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) =>
      talk(socket.on("error", () => {})),
    );
    server.on("tlsClientError", () => {});
    return servers.listen(server);
  }
  const probe =
    (kind: HandshakeCheck["kind"], port: number): Probe =>
    (more) =>
      checkHandshake({ kind, host: "127.0.0.1", port, timeoutMs: 20_000, slowMs: 20_000, lingerMs: 10, ...more });

  test.each(GREETINGS)("%s", async (kind, greeting) => {
    using servers = new Servers();
    await expectVerified(probe(kind, await tlsServer(servers, (socket) => socket.write(greeting))));
  });

  test.skipIf(captures.length === 0).each([
    ["ldap", "ldap"],
    ["amqp", "rabbitmq"],
    ["mongodb", "mongo ferretdb hello"],
  ] as const)("%s, in captured words", async (kind, name) => {
    using servers = new Servers();
    const capture = captured(name);
    const answer = Buffer.from(capture.talk[0]![1], "hex");
    await expectVerified(
      probe(kind, await tlsServer(servers, (socket) => socket.once("data", () => socket.write(answer)))),
    );
  });

  test("that is not there is said so, and so is TLS that hangs", async () => {
    using servers = new Servers();
    const plain = await servers.tcp((socket) => socket.write("+PONG\r\n"));
    expect(reasonOf(await probe("redis", plain)({ tls }))).toContain("the peer speaks no TLS but something else");
    const silent = await servers.tcp(() => {});
    expect(await probe("redis", silent)({ tls, timeoutMs: 200 })).toMatchObject({ result: "down" });
  });
});

describe("TLS that is asked for in the clear", () => {
  test.each([
    ["N", "restricted", "is up and offers no TLS"],
    ["S220 in the clear", "down", "bytes in the clear where TLS begins"],
    ["?", "down", "answers in another protocol"],
    ["Snot TLS at all", "down", "bytes in the clear where TLS begins"],
  ])("a PostgreSQL that answers %s is %s", async (answer, result, reason) => {
    using servers = new Servers();
    const port = await servers.tcp((socket) => socket.write(answer));
    const common = {
      kind: "postgres",
      host: "127.0.0.1",
      port,
      timeoutMs: 20_000,
      slowMs: 20_000,
      lingerMs: 10,
    } as const;
    const outcome = await checkHandshake({ ...common, tls });
    expect<string>(outcome.result).toBe(result);
    expect(reasonOf(outcome)).toContain(reason);
  });

  test("a handshake that hangs or breaks ends within the timeout", async () => {
    using servers = new Servers();
    for (const answer of ["", "junk that is no TLS record at all"]) {
      const port = await servers.tcp((socket) => {
        socket.write("S");
        socket.once("data", () => socket.write(answer));
      });
      const common = { kind: "postgres", host: "127.0.0.1", port, timeoutMs: 300, slowMs: 20_000 } as const;
      expect(await checkHandshake({ ...common, tls })).toMatchObject({ result: "down" });
      expect(await new Promise((resolve) => dial(port, "127.0.0.1", () => resolve("open")).unref())).toBe("open");
    }
  });
});
