import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:tls";
import { connect, descriptors } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const certificate = readFileSync(`${import.meta.dir}/fixtures/localhost-cert.pem`, "utf8");
let server: Server;
let port = 0;
beforeAll(async () => {
  const key = readFileSync(`${import.meta.dir}/fixtures/localhost-key.pem`, "utf8");
  server = createServer({ key, cert: certificate }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as { port: number }).port;
});
afterAll(() => {
  server.close();
});

test.each([[{ verify: false }], [{ ca: certificate }], [{ ca: certificate, serverName: "localhost" }]])(
  "bytes go both ways over TLS with %#",
  async (tls) => {
    let got = "";
    const connection = await connect(
      { port, host: "127.0.0.1", tls },
      { chunk: (_, bytes) => { got += new TextDecoder().decode(bytes); } }, // biome-ignore format: one thought
    );
    connection.write("sealed");
    await until(() => got === "sealed");
    connection.close();
  },
);

test("verification is on unless it is switched off: authority and name both count", async () => {
  await expect(connect({ port, tls: true }, {})).rejects.toMatchObject({ code: "tls-failed" });
  const otherName = { ca: certificate, serverName: "other.example" };
  await expect(connect({ port, tls: otherName }, {})).rejects.toThrow("altnames");
});

test("a server that closes in the handshake is told from one whose certificate is wrong", async () => {
  const closing = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => void socket.end() } });
  await expect(connect({ port: closing.port, tls: true }, {})).rejects.toMatchObject({
    code: "tls-failed",
    cause: { code: "ETLSCLOSED" },
  });
  await expect(connect({ port, tls: true }, {})).rejects.toMatchObject({ code: "tls-failed", cause: { code: "ETLS" } });
  closing.stop(true);
});

test("a server that does not speak TLS fails the handshake, one that says nothing times out", async () => {
  const plain = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, open: (s) => { s.write("hello\n"); } } }); // biome-ignore format: one thought
  const mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  for (const tls of [true, { verify: false }]) {
    await expect(connect({ port: plain.port, tls }, {})).rejects.toMatchObject({
      code: "tls-failed",
      message: expect.stringContaining("speaks no TLS"),
    });
  }
  const before = descriptors().open;
  await expect(connect({ port: mute.port, tls: true, timeoutMs: 100 }, {})).rejects.toMatchObject({
    code: "connect-timeout",
    message: `Cannot connect to 127.0.0.1:${mute.port}: TLS handshake timed out: the port may speak plain TCP`,
  });
  await until(() => descriptors().open <= before);
  plain.stop(true);
  mute.stop(true);
});

test("`reached` is called when TCP is connected, with the connection's data, before the handshake ends", async () => {
  const order: string[] = [];
  const options = {
    port,
    data: "data",
    tls: { verify: false },
    reached: (data: string | undefined) => void order.push(`reached ${data}`),
  };
  const connection = await connect<string>(options, { open: () => void order.push("open") });
  connection.close();
  expect(order).toEqual(["reached data", "open"]);
});
