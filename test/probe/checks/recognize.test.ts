import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { createServer } from "node:net";
import { recognizingCheck } from "../../../src/probe/checks/mod.ts";
import { until } from "../../net/support.ts";
import { captured, captures } from "../../wire/handshake/support.ts";
import { reasonOf, Servers } from "./http-support.ts";
import { needs, RealServer } from "./servers.ts";

/** A server of any protocol, with all that it was sent, by connection. */
async function server(servers: Servers, talk: (socket: Socket, connections: number) => void) {
  const sent: string[] = [];
  const port = await servers.listen(
    createServer((socket) => {
      const at = sent.push("") - 1;
      socket.on("data", (bytes) => {
        sent[at] += bytes.toString("latin1");
      });
      talk(
        socket.on("error", () => {}),
        sent.length,
      );
    }),
  );
  return { port, sent };
}

const checkAt = (port: number, more: Partial<Parameters<typeof recognizingCheck>[0]> = {}) =>
  recognizingCheck({
    host: "127.0.0.1",
    port,
    timeoutMs: 20_000,
    slowMs: 20_000,
    holdMs: 10_000,
    lingerMs: 10,
    ...more,
  });

describe("a service of unknown kind", () => {
  test.each([
    ["ssh", "SSH-2.0-OpenSSH_9.2p1\r\n", "SSH-2.0-tenk\r\n"],
    ["smtp", "220 mail.home.arpa ESMTP Postfix\r\n", "QUIT\r\n"],
    ["imap", "* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "a LOGOUT\r\n"],
    ["ftp", "220 (vsFTPd 3.0.3)\r\n", "QUIT\r\n"],
    ["nats", 'INFO {"version":"2.9.10"}\r\n', "PING\r\n"],
  ])(
    "that greets as %s is asked on the same connection, and in that protocol from then on",
    async (kind, greeting, asked) => {
      using servers = new Servers();
      const { port, sent } = await server(servers, (socket) => {
        // The greeting comes in pieces.
        socket.write(greeting.slice(0, 3));
        setImmediate(() => socket.write(greeting.slice(3)));
        socket.once("data", () => socket.end("PONG\r\n"));
      });
      const check = checkAt(port, { lingerMs: 10_000 });
      for (let count = 1; count <= 2; count++) {
        expect(await check()).toMatchObject({ result: "up", facts: { kind } });
        await until(() => sent.length === count && sent.every((each) => each === asked));
      }
    },
  );

  test("that says nothing is sent nothing, however often it is asked", async () => {
    using servers = new Servers();
    const { port, sent } = await server(servers, () => {});
    const check = checkAt(port, { holdMs: 50 });
    for (let count = 0; count < 3; count++) {
      const outcome = await check();
      expect(outcome).toMatchObject({ result: "up", facts: { latencyMs: expect.any(Number) } });
      expect(outcome.facts.kind).toBeUndefined();
    }
    expect(sent).toEqual(["", "", ""]);
  });

  test.each(["hello\r\n", "+OK POP3 ready\r\n", "\x00\x01\x02\x03 something else"])(
    "that greets by %j is up",
    async (greeting) => {
      using servers = new Servers();
      const { port, sent } = await server(servers, (socket) => socket.write(greeting));
      expect(await checkAt(port)()).toMatchObject({ result: "up" });
      expect(sent).toEqual([""]);
    },
  );

  test("that accepts and closes at once is down", async () => {
    using servers = new Servers();
    const { port } = await server(servers, (socket) => socket.destroy());
    const outcome = await checkAt(port, { guess: "redis" })();
    expect([outcome.result, reasonOf(outcome)]).toEqual([
      "down",
      "accepted the connection and closed it without a word: see whether anything runs behind this port: Docker's proxy accepts for dead containers",
    ]);
  });

  test("on a port that another kind usually has is asked so once; what answers otherwise is up, and left alone", async () => {
    using servers = new Servers();
    const { port, sent } = await server(servers, (socket) => socket.once("data", () => socket.write("what?\r\n")));
    const check = checkAt(port, { guess: "memcached", holdMs: 50 });
    for (let count = 0; count < 3; count++) expect(await check()).toMatchObject({ result: "up" });
    expect(sent).toEqual(["version\r\n", "", ""]);
  });

  test("that then stays silent is up", async () => {
    using servers = new Servers();
    const { port, sent } = await server(servers, () => {});
    const check = checkAt(port, { guess: "memcached", holdMs: 50, timeoutMs: 1500 });
    expect(await check()).toMatchObject({ result: "up" });
    expect(await check()).toMatchObject({ result: "up" });
    expect(sent).toEqual(["version\r\n", ""]);
  });

  test("that is something else after an outage is recognised anew", async () => {
    using servers = new Servers();
    const { port } = await server(servers, (socket, connections) => {
      socket.write(connections === 1 ? "SSH-2.0-OpenSSH_9.2p1\r\n" : "220 (vsFTPd 3.0.3)\r\n");
      socket.once("data", () => socket.end());
    });
    const check = checkAt(port);
    const found = [await check(), await check(), await check()].map(({ result, facts }) => `${result} ${facts.kind}`);
    expect(found).toEqual(["up ssh", "down ssh", "up ftp"]);
  });

  test("that is recognised and then hangs is down after the timeout", async () => {
    using servers = new Servers();
    const { port } = await server(servers, (socket) => socket.write('INFO {"version":"2.9.10"}\r\n'));
    const outcome = await checkAt(port, { timeoutMs: 1500 })();
    expect(reasonOf(outcome)).toBe("accepts connections, and does not answer within 1.5 s: does it hang?");
  });
});

test.skipIf(captures.length === 0)(
  "a MariaDB's captured greeting is answered by a whole login, which keeps it from blocking us",
  async () => {
    using servers = new Servers();
    const greeting = Buffer.from(captured("mariadb 10.11").greeting, "hex");
    const { port, sent } = await server(servers, (socket) => {
      socket.write(greeting);
      socket.once("data", () => socket.end(Buffer.from("0700000200000002000000", "hex")));
    });
    expect(await checkAt(port)()).toMatchObject({ result: "up", facts: { kind: "mysql" } });
    expect(sent[0]).toContain("tenk\0");
  },
);

if (needs("/usr/bin/redis-server", "redis-server"))
  test("a real Redis at its own port is recognised by a question that it does not log", async () => {
    const words = (port: number, folder: string) => ["--port", `${port}`, "--dir", folder, "--save", ""];
    await using server = await RealServer.start("/usr/bin/redis-server", words);
    await server.started({ kind: "redis" });
    await server.logs("Ready to accept connections");
    const before = server.lines();
    const check = checkAt(server.port, { guess: "redis", holdMs: 50 });
    for (let count = 0; count < 3; count++)
      expect(await check()).toMatchObject({ result: "up", facts: { kind: "redis", role: "master" } });
    expect(server.lines()).toBe(before);
  });
