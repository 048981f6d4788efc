import { expect, test } from "bun:test";
import { connect as tlsConnect } from "node:tls";
import { type Connection, connect, listen } from "../../src/net/mod.ts";
import { until } from "../net/support.ts";
import { opened } from "./store-support.ts";
import { DAY_MS, request } from "./support.ts";

const CLIENTS = 100;

test("a renewed certificate replaces the old one in a listener, and no connection notices", async () => {
  const { store, clock, pass } = await opened();
  const declaration = await store.declare(["git.lan"], {
    owner: "https",
    changed: ({ tls }) => server.updateTls(tls),
  });
  const echo = { chunk: (connection: Connection, bytes: Uint8Array) => connection.write(bytes) };
  await using server = await listen({ host: "127.0.0.1", port: 0, tls: declaration.tls }, echo);
  let echoed = 0;
  const counting = { chunk: (_: Connection, bytes: Uint8Array) => (echoed += bytes.length) };
  // The certificates are of the test's clock, so that only their fingerprints can be looked at.
  const visit = (serverName: string) =>
    connect({ host: "127.0.0.1", port: server.port, tls: { verify: false, serverName } }, counting);
  const before = await Promise.all(Array.from({ length: CLIENTS }, () => visit("git.lan")));
  const first = before[0]!.tls!.peer!;
  expect(first.names).toBe("DNS:git.lan");

  clock.sleep(20 * DAY_MS);
  await pass(30_000);
  const after = await visit("git.lan");
  expect(after.tls!.peer!.names).toBe("DNS:git.lan");
  expect(after.tls!.peer!.fingerprint).not.toBe(first.fingerprint);
  for (const connection of before) connection.write("x");
  await until(() => echoed === CLIENTS);
  expect(before.every(({ closed }) => !closed)).toBe(true);
  for (const connection of [...before, after]) connection.close();
});

test("only a client that offers nothing but acme-tls/1 sees the response to a challenge", async () => {
  const { store, acme } = await opened();
  const declaration = await store.declare(["git.lan"], {
    owner: "https",
    changed: ({ tls }) => server.updateTls(tls),
  });
  await using server = await listen({ host: "127.0.0.1", port: 0, tls: declaration.tls }, {});
  const remove = await store.challenges.serveTls("app.example.org", await acme.issue(request("app.example.org")));
  const visit = (ALPNProtocols: string[]) =>
    new Promise((resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        port: server.port,
        servername: "app.example.org",
        rejectUnauthorized: false,
      };
      const socket = tlsConnect({ ...options, ALPNProtocols }, () => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.destroy();
      });
      socket.on("error", reject);
    });
  expect(await visit(["acme-tls/1"])).toBe("DNS:app.example.org");
  for (const alpn of [[], ["http/1.1"], ["acme-tls/1", "http/1.1"]]) expect(await visit(alpn)).toContain("127.0.0.1");
  remove();
  await store.idle();
});
