import { describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { type Connection, type Handler, type ListenOptions, listen } from "../../src/net/mod.ts";
import { encodeProxyV1, encodeProxyV2, PROXY_TLV } from "../../src/wire/mod.ts";
import { Client, freePort, until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const TRUSTED = { trusted: ["127.0.0.0/8"], timeoutMs: 200 };
const ENDS = { sourceAddress: "192.0.2.7", sourcePort: 4711, destinationAddress: "198.51.100.1", destinationPort: 443 };

/** An echo that keeps what it saw of each connection. */
function watched() {
  const seen: Pick<
    Connection,
    "remoteAddress" | "remotePort" | "localAddress" | "localPort" | "wireAddress" | "proxy"
  >[] = [];
  const handler: Handler = {
    open: ({ remoteAddress, remotePort, localAddress, localPort, wireAddress, proxy }) =>
      seen.push({ remoteAddress, remotePort, localAddress, localPort, wireAddress, proxy }),
    chunk: (connection, bytes) => connection.write(bytes),
  };
  return { seen, handler };
}

async function serve(options: ListenOptions = {}) {
  const { seen, handler } = watched();
  const server = await listen({ host: "127.0.0.1", proxyProtocol: TRUSTED, ...options }, handler);
  return { seen, server, [Symbol.asyncDispose]: () => server.stop({ graceMs: 0 }) };
}

describe("a listener behind a trusted proxy", () => {
  test.each([
    ["v1", encodeProxyV1(ENDS)],
    ["v2", encodeProxyV2(ENDS)],
  ])("knows the client by the header of %s, and the proxy on the wire", async (_, header) => {
    await using box = await serve();
    const client = await new Client(box.server.port).connected();
    client.socket.write(header);
    client.socket.write("hello");
    await until(() => client.received === "hello");
    const { proxy, ...seen } = box.seen[0]!;
    expect(seen).toEqual({
      remoteAddress: "192.0.2.7",
      remotePort: 4711,
      localAddress: "198.51.100.1",
      localPort: 443,
      wireAddress: "127.0.0.1",
    });
    expect(proxy).toMatchObject(ENDS);
    const [info] = await box.server.connections();
    expect(info).toMatchObject({ remoteAddress: "192.0.2.7", wireAddress: "127.0.0.1", bytesRead: 5 });
    client.socket.destroy();
  });

  test("takes the header byte for byte, and what comes behind it in the same chunk", async () => {
    await using box = await serve();
    const client = await new Client(box.server.port).connected();
    client.socket.setNoDelay(true);
    const header = encodeProxyV2(ENDS, { tlvs: [{ type: PROXY_TLV.authority, value: Buffer.from("git.home.arpa") }] });
    for (const byte of header.subarray(0, -1)) {
      await new Promise((resolve) => client.socket.write(Uint8Array.of(byte), resolve));
    }
    client.socket.write(Buffer.concat([header.subarray(-1), Buffer.from("at once")]));
    await until(() => client.received === "at once");
    expect(box.seen[0]?.proxy?.tlvs).toMatchObject([{ type: PROXY_TLV.authority }]);
    client.socket.destroy();
  });

  test("serves a client behind a header that says nothing, or finishes at once", async () => {
    const told: string[] = [];
    const handler: Handler = {
      open: (connection) => connection.write("220 ready"),
      end: (connection) => told.push(`end ${connection.remoteAddress}`),
    };
    await using server = await listen({ host: "127.0.0.1", proxyProtocol: TRUSTED }, handler);
    const silent = await new Client(server.port).connected();
    silent.socket.write(encodeProxyV1(ENDS));
    await until(() => silent.received === "220 ready");
    const finished = await new Client(server.port, { allowHalfOpen: true }).connected();
    finished.socket.end(encodeProxyV1(ENDS));
    await until(() => finished.received === "220 ready" && finished.ended);
    expect(told).toEqual(["end 192.0.2.7"]);
    for (const { socket } of [silent, finished]) socket.destroy();
  });

  test("holds the real address to maxPerAddress, and not the proxy's", async () => {
    await using box = await serve({ limits: { maxPerAddress: 2 } });
    const from = (sourceAddress: string) => {
      const client = new Client(box.server.port);
      client.socket.write(Buffer.concat([encodeProxyV1({ ...ENDS, sourceAddress }), Buffer.from("x")]));
      return client;
    };
    const kept = [from("192.0.2.1"), from("192.0.2.1"), from("192.0.2.2")];
    await until(() => kept.every((client) => client.received === "x"));
    const third = from("192.0.2.1");
    await until(() => third.closed);
    expect(box.server.counts().closed["address-limit"]).toBe(1);
    kept[0]?.socket.destroy();
    await until(() => box.server.counts().active === 2);
    const again = from("192.0.2.1");
    await until(() => again.received === "x");
    for (const client of [...kept, again]) client.socket.destroy();
  });

  test("closes who sends no header, a wrong one, half of one, or comes too late, and tells no handler", async () => {
    await using box = await serve();
    const clients = await Promise.all(Array.from({ length: 4 }, () => new Client(box.server.port).connected()));
    clients[0]?.socket.write("GET / HTTP/1.1\r\n\r\n");
    clients[1]?.socket.write("PROXY TCP4 nonsense\r\n");
    clients[2]?.socket.end("PROXY TCP4 1");
    await until(() => clients.every((client) => client.closed));
    const { accepted, active, pending, closed } = box.server.counts();
    expect({ accepted, active, pending, closed: closed["proxy-header"] }).toEqual({
      accepted: 4,
      active: 0,
      pending: 0,
      closed: 4,
    });
    expect(box.seen).toEqual([]);
  });

  test("believes no header of a peer that it does not trust", async () => {
    await using box = await serve({ proxyProtocol: { trusted: ["10.0.0.0/8", "::1"] } });
    const client = await new Client(box.server.port).connected();
    const header = encodeProxyV1(ENDS);
    client.socket.write(header);
    await until(() => client.bytes === header.length);
    expect(box.seen[0]).toMatchObject({ remoteAddress: "127.0.0.1", proxy: undefined });
    client.socket.destroy();
  });

  test("reads the header in front of TLS, also where both come in one packet, in pieces, or not at all", async () => {
    const tls = { cert: fixture("first-cert"), key: fixture("first-key") };
    await using box = await serve({ tls });
    const visit = async (send: (client: Client) => unknown) => {
      const client = await new Client(box.server.port).connected();
      client.socket.removeAllListeners("data");
      await send(client);
      const secure = tlsConnect({ socket: client.socket, rejectUnauthorized: false, servername: "first.test" });
      let got = "";
      secure.on("data", (chunk) => { got += chunk; }); // biome-ignore format: one thought
      secure.on("error", () => {});
      secure.write("secret");
      return { client, secure, got: () => got };
    };
    // Corked: the header leaves with the ClientHello.
    const together = await visit((client) => client.socket.cork() ?? client.socket.write(encodeProxyV2(ENDS)));
    together.client.socket.uncork();
    await until(() => together.got() === "secret");
    const apart = await visit(async (client) => {
      const header = encodeProxyV1(ENDS);
      client.socket.write(header.subarray(0, 20));
      await until(() => box.server.counts().pending === 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      client.socket.write(header.subarray(20));
    });
    await until(() => apart.got() === "secret");
    expect(box.seen.map((each) => each.remoteAddress)).toEqual(["192.0.2.7", "192.0.2.7"]);
    const without = await visit(() => {});
    await until(() => without.client.closed);
    expect(box.server.counts().closed["proxy-header"]).toBe(1);
    for (const each of [together, apart]) each.secure.destroy();
  });

  test.each([["10.0.0.0/33"], ["example.org"], ["10.0.0.0/"], ["::1/129"]])("refuses %p as trusted", async (range) => {
    expect(listen({ host: "127.0.0.1", proxyProtocol: { trusted: [range] } }, {})).rejects.toMatchObject({
      code: "invalid-option",
    });
  });
});

const hasHaproxy = spawnSync("haproxy", ["-v"]).status === 0;
if (!hasHaproxy) {
  test.skipIf(process.env.CI !== "true")("headers of a real HAProxy cannot be tried: needs haproxy", () => {
    throw new Error("This check needs haproxy, and must not be left out in CI");
  });
} else {
  test.each([["send-proxy"], ["send-proxy-v2"], ["send-proxy-v2 ssl verify none sni str(first.test)"]])(
    "a real HAProxy with %s is understood",
    async (words) => {
      const tls = { cert: fixture("first-cert"), key: fixture("first-key") };
      await using box = await serve(words.includes("ssl") ? { tls } : {});
      const folder = mkdtempSync(join(tmpdir(), "tenk-haproxy-"));
      const path = join(folder, "haproxy.cfg");
      const entry = await freePort();
      writeFileSync(
        path,
        `defaults\n mode tcp\n timeout connect 2s\n timeout client 5s\n timeout server 5s\n` +
          `listen it\n bind 127.0.0.1:${entry}\n server box 127.0.0.1:${box.server.port} ${words}\n`,
      );
      const haproxy = spawn("haproxy", ["-db", "-f", path], { stdio: "ignore" });
      try {
        let client = new Client(entry, { localAddress: "127.0.0.77" });
        await until(() => {
          if (client.errorCode === "ECONNREFUSED") client = new Client(entry, { localAddress: "127.0.0.77" });
          return !client.socket.connecting && !client.closed;
        });
        client.socket.write("hello");
        await until(() => client.received === "hello");
        expect(box.seen[0]).toMatchObject({ remoteAddress: "127.0.0.77", localPort: entry, wireAddress: "127.0.0.1" });
        client.socket.destroy();
      } finally {
        haproxy.kill();
        rmSync(folder, { recursive: true });
      }
    },
  );
}
