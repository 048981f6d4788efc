import { afterEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { listen } from "../../src/net/mod.ts";
import { HANDLERS, relaySettings } from "../../src/tcp/mod.ts";
import { decodeProxyHeader, encodeProxyV2, proxyDetails } from "../../src/wire/mod.ts";
import { Client, until } from "../net/support.ts";
import { cleanUp, FarServer, later, naming, relayed } from "./relay-support.ts";

afterEach(cleanUp);

const FIXTURES = join(import.meta.dirname, "../net/fixtures");
const cert = readFileSync(join(FIXTURES, "localhost-cert.pem"), "utf8");
const key = readFileSync(join(FIXTURES, "localhost-key.pem"), "utf8");

/** A target that keeps the bytes it got. */
async function keeping(): Promise<FarServer & { bytes: Buffer[] }> {
  const bytes: Buffer[] = [];
  const target = new FarServer((socket) => socket.on("data", (chunk) => bytes.push(Buffer.from(chunk))));
  return Object.assign(await target.open(), { bytes });
}

function headerOf(target: { bytes: Buffer[] }) {
  const bytes = Buffer.concat(target.bytes);
  const decoded = decodeProxyHeader(bytes);
  if (decoded.state !== "value") return { state: decoded.state };
  return { ...decoded.value, rest: bytes.subarray(decoded.length).toString() };
}

describe("a PROXY header", () => {
  test.each(["v1", "v2"] as const)("%s comes before the client's bytes and names both ends", async (proxyHeader) => {
    const target = await keeping();
    const { port } = await relayed({ targets: [target.address], proxyHeader });
    const client = new Client(port);
    client.socket.write("hello");
    await until(() => Buffer.concat(target.bytes).includes("hello"));
    expect(headerOf(target)).toMatchObject({
      version: proxyHeader === "v1" ? 1 : 2,
      command: "proxy",
      family: "ipv4",
      sourceAddress: "127.0.0.1",
      sourcePort: client.socket.localPort,
      destinationAddress: "127.0.0.1",
      destinationPort: port,
      rest: "hello",
    });
    client.socket.destroy();
  });

  test("passes on the client that a trusted proxy named, with what it said besides", async () => {
    const target = await keeping();
    const proxyProtocol = { trusted: ["127.0.0.1"] };
    const { port } = await relayed({ targets: [target.address], proxyHeader: "v2" }, { proxyProtocol });
    const ends = { sourceAddress: "192.0.2.7", sourcePort: 7, destinationAddress: "192.0.2.8", destinationPort: 8 };
    const client = new Client(port);
    client.socket.write(encodeProxyV2(ends, { tlvs: [{ type: 0xe0, value: Uint8Array.of(1) }] }));
    client.socket.write("x");
    await until(() => Buffer.concat(target.bytes).includes("x", 20));
    expect(headerOf(target)).toMatchObject({ ...ends, tlvs: [{ type: 0xe0 }], rest: "x" });
    client.socket.destroy();
  });

  test("names nobody for a connection that is a trusted proxy's own", async () => {
    const target = await keeping();
    const proxyProtocol = { trusted: ["127.0.0.1"] };
    const { port } = await relayed({ targets: [target.address], proxyHeader: "v2" }, { proxyProtocol });
    const client = new Client(port);
    const ends = { sourceAddress: "", sourcePort: 0, destinationAddress: "", destinationPort: 0 };
    client.socket.write(encodeProxyV2(ends, { command: "local" }));
    await until(() => "rest" in headerOf(target));
    expect(headerOf(target)).toMatchObject({ command: "local", sourceAddress: "" });
    client.socket.destroy();
  });

  test.each([
    ["v1", { command: "proxy", family: "unspecified" }],
    ["v2", { command: "local", family: "unspecified" }],
  ] as const)("%s names nobody for a client on a Unix socket", async (proxyHeader, expected) => {
    const target = await keeping();
    const path = `\0tenk-relay-proxy-${process.pid}`;
    await relayed({ targets: [target.address], proxyHeader }, { path });
    const client = connectPlain(path);
    client.write("x");
    await until(() => "rest" in headerOf(target));
    expect(headerOf(target)).toMatchObject({ ...expected, rest: "x" });
    client.destroy();
  });

  test("tells of the client's TLS that ends here", async () => {
    const target = await keeping();
    const tls = { cert, key, alpn: ["mqtt"] };
    const { port } = await relayed({ targets: [target.address], proxyHeader: "v2" }, { tls });
    const client = connect({ port, host: "127.0.0.1", servername: "localhost", ca: cert, ALPNProtocols: ["mqtt"] });
    client.on("error", () => {});
    client.write("secret");
    await until(() => Buffer.concat(target.bytes).includes("secret"));
    const header = headerOf(target);
    if (!("tlvs" in header)) throw new Error("no header");
    expect(proxyDetails(header.tlvs)).toMatchObject({
      alpn: "mqtt",
      authority: "localhost",
      ssl: { secure: true, certificateOnConnection: false, version: "TLSv1.3", cipher: expect.any(String) },
    });
    expect(header.rest).toBe("secret");
    client.destroy();
  });

  if (existsSync("/usr/sbin/haproxy")) {
    test.each(["v1", "v2"] as const)("%s is what HAProxy takes for its client", async (proxyHeader) => {
      const folder = mkdtempSync(join(tmpdir(), "tenk-relay-"));
      later(() => rmSync(folder, { recursive: true }));
      const path = join(folder, "haproxy.sock");
      const config = ["defaults", "mode http", "timeout client 5s", "timeout connect 5s", "timeout server 5s"];
      config.push("frontend f", `bind unix@${path} accept-proxy`);
      config.push(
        'http-request return status 200 content-type text/plain lf-string "<%[src] %[src_port] %[dst_port]>"',
      );
      writeFileSync(join(folder, "haproxy.cfg"), `${config.join("\n")}\n`);
      const haproxy = spawn("/usr/sbin/haproxy", ["-f", join(folder, "haproxy.cfg"), "-db"], { stdio: "ignore" });
      later(() => haproxy.kill("SIGKILL"));
      await until(() => existsSync(path));
      const { port } = await relayed({ targets: [`unix:${path}`], proxyHeader });
      const client = await new Client(port).connected();
      const { localPort } = client.socket;
      client.socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
      await until(() => client.ended);
      expect(client.received).toContain(`<127.0.0.1 ${localPort} ${port}>`);
    });
  } else {
    test.skipIf(process.env.CI !== "true")("cannot be shown to HAProxy: needs haproxy", () => {
      throw new Error("haproxy is missing");
    });
  }
});

describe("TLS to the target", () => {
  async function secureEcho(): Promise<string> {
    const server = createServer({ cert, key }, (socket) => {
      socket.on("error", () => {});
      socket.write(`${(socket as unknown as { servername: string }).servername}:`);
      socket.pipe(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    later(() => server.close());
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test("carries a client that is in the clear, and its FIN", async () => {
    const target = await secureEcho();
    const { port, report } = await relayed({ targets: [target], tls: { ca: cert, serverName: "localhost" } });
    const client = new Client(port, { allowHalfOpen: true });
    client.socket.end("hello");
    await until(() => client.ended);
    expect(client.received).toBe("localhost:hello");
    await until(() => report().pairs === 0);
  });

  test("is a target's failure when its certificate is not trusted", async () => {
    const { port, report, closes } = await relayed({ targets: [await secureEcho()], tls: true });
    const client = new Client(port);
    await until(() => client.closed);
    expect([closes(), report().targets[0]]).toMatchObject([{ "no-target": 1 }, { failures: 1, lastError: expect.stringContaining("TLS") }]); // biome-ignore format: one line
  });
});

test("workers load it by its file, each with its own pairs; other options reach all of them", async () => {
  const [one, two] = [await naming("one"), await naming("two")];
  const handlerOptions = { targets: [one.address] };
  const server = await listen({ halfOpen: true, workers: 2, handlerOptions }, HANDLERS.relay.url);
  later(() => server.stop({ graceMs: 0 }));
  const clients = Array.from({ length: 20 }, () => new Client(server.port));
  await until(() => clients.every(({ received }) => received === "one:"));
  expect(await server.reports()).toMatchObject([{ targets: [{ state: "up" }] }, { targets: [{ state: "up" }] }]);
  await server.configure({ targets: [two.address] });
  const more = Array.from({ length: 20 }, () => new Client(server.port));
  await until(() => more.every(({ received }) => received === "two:"));
  for (const { socket } of [...clients, ...more]) socket.destroy();
  await until(() => server.counts().active === 0);
});

describe("options", () => {
  const targets = ["127.0.0.1:1"];
  test.each([
    [undefined, "options"],
    [{}, "targets"],
    [{ targets: [] }, "targets"],
    [{ targets: ["127.0.0.1"] }, "127.0.0.1"],
    [{ targets: ["127.0.0.1:0"] }, "127.0.0.1:0"],
    [{ targets: ["a:65536"] }, "a:65536"],
    [{ targets: ["::1:80"] }, "::1:80"],
    [{ targets: ["unix:"] }, "unix:"],
    [{ targets: ["a:1", { address: "a:1", weight: 2 }] }, "a:1 twice"],
    [{ targets: [{ address: "a:1", weight: 0 }] }, "weight"],
    [{ targets: [{ address: "a:1", draining: 1 }] }, "draining"],
    [{ targets: [{ adress: "a:1" }] }, "adress"],
    [{ targets, balance: "fastest" }, "balance"],
    [{ targets, attempts: 0 }, "attempts"],
    [{ targets, connectTimeoutMs: 1.5 }, "connectTimeoutMs"],
    [{ targets, health: { failures: -1 } }, "failures"],
    [{ targets, health: { fails: 1 } }, "fails"],
    [{ targets, proxyHeader: "v3" }, "proxyHeader"],
    [{ targets, balanse: "first" }, "balanse"],
  ])("%p are refused by name", (options, named) => {
    expect(() => relaySettings(options)).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(named) }),
    );
  });

  test("have defaults, and addresses in four forms", () => {
    const settings = relaySettings({ targets: ["db:5432", "[::1]:80", "unix:/run/a", "unix:@b"], attempts: undefined });
    expect(settings).toMatchObject({
      balance: "round-robin",
      attempts: 3,
      health: { failures: 3 },
      proxyHeader: "none",
    });
    expect(settings.targets.map(({ place }) => place)).toEqual([
      { host: "db", port: 5432 },
      { host: "::1", port: 80 },
      { path: "/run/a" },
      { path: "\0b" },
    ]);
  });
});
