import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import { type ClientTlsOptions, type Connection, connect } from "../../src/net/mod.ts";
import type { RawSocket } from "../../src/net/socket-events.ts";
import { clientTls } from "../../src/net/tls/mod.ts";
import { selfSigned } from "./self-signed.ts";
import { until } from "./support.ts";

const pathOf = (name: string) => `${import.meta.dir}/fixtures/${name}.pem`;
const textOf = (name: string) => readFileSync(pathOf(name), "utf8");

let server: Server | undefined;
const sockets = new Set<TLSSocket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
});

/** A foreign server with `first-cert`; it tells what it saw of the client. */
async function serve(options: TlsOptions): Promise<{ port: number; seen: Promise<TLSSocket> }> {
  const { promise: seen, resolve } = Promise.withResolvers<TLSSocket>();
  server = createServer({ key: textOf("first-key"), cert: textOf("first-cert"), ...options }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    resolve(socket);
    socket.pipe(socket);
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((listening) => server!.listen(0, "127.0.0.1", listening));
  return { port: (server.address() as { port: number }).port, seen };
}

async function echoed(port: number, tls: ClientTlsOptions): Promise<Connection> {
  let got = "";
  const connection = await connect(
    { port, host: "127.0.0.1", tls: { serverName: "first.test", ca: pathOf("ca-cert"), ...tls } },
    { chunk: (_, bytes) => { got += new TextDecoder().decode(bytes); } }, // biome-ignore format: one thought
  );
  connection.write("sealed");
  await until(() => got === "sealed");
  return connection;
}

const asks = { requestCert: true, rejectUnauthorized: true, ca: textOf("ca-cert") };
test.each([
  ["files", pathOf],
  ["text", textOf],
])("a server that wants our certificate gets it, from %s", async (_, given) => {
  const { port, seen } = await serve(asks);
  const connection = await echoed(port, { cert: given("phone-cert"), key: given("phone-key"), ca: given("ca-cert") });
  expect((await seen).getPeerCertificate().subject.CN).toBe("phone");
  expect(connection.tls).toMatchObject({ authorized: true, serverName: "first.test" });
  connection.close();
});

test("a protocol is agreed on by its name, and none in common is no obstacle", async () => {
  const { port } = await serve({ ALPNProtocols: ["two", "one"] });
  const connection = await echoed(port, { alpn: ["one", "two"] });
  expect(["one", "two"]).toContain(connection.tls?.alpn ?? "");
  connection.close();
  expect((await echoed(port, {})).tls?.alpn).toBeUndefined();
});

test("an address is verified, but never sent as the name that is asked for", async () => {
  const { port, seen } = await serve({});
  const connection = await echoed(port, { serverName: "127.0.0.1" });
  expect((await seen).servername).toBeFalsy();
  expect(connection.tls?.serverName).toBeUndefined();
  for (const serverName of ["127.0.0.2", "::1"]) {
    await expect(echoed(port, { serverName })).rejects.toThrow(`IP: ${serverName} is not in the cert's list`);
  }
  await echoed(port, { serverName: "::1", verify: false });
  const mapped = connect({ host: "::ffff:127.0.0.1", port, tls: { ca: pathOf("ca-cert") } }, {});
  await expect(mapped).rejects.toMatchObject({ code: "tls-failed" });
});

test("a server older than minVersion is refused", async () => {
  const { port } = await serve({ maxVersion: "TLSv1.2" });
  expect((await echoed(port, {})).tls?.version).toBe("TLSv1.2");
  await expect(echoed(port, { minVersion: "TLSv1.3" })).rejects.toMatchObject({ code: "tls-failed" });
});

test.each([
  [{ minVersion: "TLSv1.1" as never }, "minVersion"],
  [{ cert: pathOf("phone-cert") }, "tls.cert without tls.key"],
  [{ key: pathOf("phone-key") }, "tls.key without tls.cert"],
  [{ ca: "nowhere.pem" }, "tls.ca"],
  [{ alpn: [""] }, "alpn"],
])("%p is refused by name, before anything is opened", (options, name) => {
  expect(() => clientTls(options, "home.arpa")).toThrow(name);
});

test("where nothing is verified, a certificate may have any error, and be for another name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-tls-"));
  const { cert, key } = selfSigned(folder, "own");
  const { port } = await serve({ cert: readFileSync(cert), key: readFileSync(key) });
  for (const serverName of ["127.0.0.1", "dns.example", "other.example"])
    await echoed(port, { serverName, verify: false });
  rmSync(folder, { recursive: true });

  const { verify } = clientTls({ verify: false }, "127.0.0.1");
  const failed = (code: string) => verify({} as RawSocket, false, Object.assign(new Error(code), { code }));
  for (const code of ["UNSPECIFIED", "CERT_HAS_EXPIRED", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"])
    expect(failed(code)).toBeUndefined();
  expect(failed("ERR_SSL_NO_SHARED_CIPHER")?.message).toBe("ERR_SSL_NO_SHARED_CIPHER");
  expect(clientTls({}, "127.0.0.1").verify({} as RawSocket, false, null)?.message).toBe("certificate not trusted");
});

test("over a Unix socket the certificate's name must be given, or not be verified", () => {
  expect(() => clientTls({}, "")).toThrow("serverName");
  expect(clientTls({ verify: false }, "").request).toEqual({ rejectUnauthorized: false, minVersion: 0x0303 });
  expect(clientTls({ serverName: "home.arpa" }, "").request.serverName).toBe("home.arpa");
});
