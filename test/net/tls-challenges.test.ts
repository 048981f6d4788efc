/** Certificates for validations by an ACME server (tls-alpn-01, RFC 8737), and what many names cost. */
import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server as PlainServer, connect as plainConnect } from "node:net";
import { join } from "node:path";
import tls, { connect as tlsConnect } from "node:tls";
import { type ListenOptions, listen, type ServerTlsOptions } from "../../src/net/mod.ts";
import { Client, freePort, until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const pair = (name: string) => ({ cert: fixture(`${name}-cert`), key: fixture(`${name}-key`) });
const CHALLENGES = { "First.test": pair("stranger") };
const module = new URL("./busy-handler.ts", import.meta.url);

const relays: PlainServer[] = [];
afterEach(() => {
  for (const relay of relays.splice(0)) relay.close();
});

async function serve(options: Partial<ServerTlsOptions> = {}, more: ListenOptions = {}) {
  const opened: (string | undefined)[] = [];
  const tls = { ...pair("first"), names: { "second.test": pair("second") }, challenges: CHALLENGES, ...options };
  const server = await listen(
    { host: "127.0.0.1", tls, ...more },
    {
      open: (connection) => opened.push(connection.tls?.alpn),
      chunk: (connection, bytes) => connection.write(bytes),
    },
  );
  return { opened, server, [Symbol.asyncDispose]: () => server.stop({ graceMs: 0 }) };
}

/** @param offered comma-separated; "" offers nothing @returns what openssl said of the handshake */
async function openssl(port: number, offered: string, name: string, ...more: string[]): Promise<string> {
  const words = ["s_client", "-connect", `127.0.0.1:${port}`, ...more];
  words.push(...(name === "" ? ["-noservername"] : ["-servername", name]));
  const client = spawn("openssl", offered === "" ? words : [...words, "-alpn", offered], { stdio: "pipe" });
  let said = "";
  for (const stream of [client.stdout, client.stderr]) stream.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
  client.stdin.on("error", () => {});
  client.stdin.end("Q\n");
  await once(client, "close");
  return said;
}

/** A relay that passes a client's bytes on a few at a time. */
async function inPieces(port: number, size: number): Promise<number> {
  const relay = createServer((client) => {
    const target = plainConnect(port, "127.0.0.1").setNoDelay(true);
    target.pipe(client);
    client.on("data", async (bytes: Buffer) => {
      client.pause();
      for (let at = 0; at < bytes.length; at += size) {
        target.write(bytes.subarray(at, at + size));
        await Bun.sleep(1);
      }
      client.resume();
    });
    for (const socket of [client, target]) socket.on("error", () => {});
    client.on("close", () => target.destroy());
  });
  relays.push(relay);
  const at = await freePort();
  relay.listen(at, "127.0.0.1");
  await once(relay, "listening");
  return at;
}

describe("a challenge", () => {
  test.each([["-tls1_2"], ["-tls1_3"]])("answers a validation by %s, which reaches no handler", async (version) => {
    await using box = await serve({ alpn: ["h2"] });
    const said = await openssl(box.server.port, "acme-tls/1", "first.test", version);
    expect(said).toContain("ALPN protocol: acme-tls/1");
    expect(said).toContain("CN = stranger");
    await until(() => box.server.counts().active === 0);
    const { handshakes, closed, pending } = box.server.counts();
    expect([handshakes, closed["acme-challenge"], pending, box.opened]).toEqual([1, 1, 0, []]);
  });

  test.each([
    ["offers another protocol too", "acme-tls/1,h2", "first.test", "CN = first.test"],
    ["offers it twice", "acme-tls/1,acme-tls/1", "first.test", "alert number 120"],
    ["offers another protocol", "h2", "first.test", "CN = first.test"],
    ["offers none", "", "first.test", "CN = first.test"],
    ["asks for a name without a challenge", "acme-tls/1", "second.test", "alert number 120"],
    ["asks for no name", "acme-tls/1", "", "alert number 120"],
  ])("is never shown to a client that %s", async (_, offered, name, expected) => {
    await using box = await serve({ alpn: ["h2"] });
    const said = await openssl(box.server.port, offered, name);
    expect(said).toContain(expected);
    expect(said).not.toContain("CN = stranger");
    expect(box.server.counts().closed["acme-challenge"]).toBe(0);
  });

  test("is found in a hello that comes in pieces, beside clients that come whole or in pieces", async () => {
    await using box = await serve();
    const port = await inPieces(box.server.port, 40);
    const [validation, slow, fast] = await Promise.all([
      openssl(port, "acme-tls/1", "first.test"),
      openssl(port, "", "second.test"),
      openssl(box.server.port, "", "second.test"),
    ]);
    expect(validation).toContain("CN = stranger");
    expect(slow).toContain("CN = second.test");
    expect(fast).toContain("CN = second.test");
  });

  test("asks no client certificate of a validation", async () => {
    await using box = await serve({ clientCertificates: "require", clientCa: fixture("ca-cert") });
    expect(await openssl(box.server.port, "acme-tls/1", "first.test")).toContain("CN = stranger");
    await until(() => box.server.counts().closed["acme-challenge"] === 1);
  });

  test.each([1, 2])("comes into force and goes by updateTls, on %d event loops", async (workers) => {
    const tls = { ...pair("first"), alpn: ["h2"] };
    await using server = await listen({ host: "127.0.0.1", tls, workers }, module);
    const ask = () => Promise.all(Array.from({ length: 4 }, () => openssl(server.port, "acme-tls/1", "first.test")));
    expect((await ask()).filter((said) => said.includes("alert number 120"))).toHaveLength(4);
    await server.updateTls({ ...tls, challenges: CHALLENGES });
    expect((await ask()).filter((said) => said.includes("CN = stranger"))).toHaveLength(4);
    await server.updateTls(tls);
    expect((await ask()).filter((said) => said.includes("alert number 120"))).toHaveLength(4);
  });

  test("is answered behind a PROXY header too", async () => {
    await using box = await serve({}, { proxyProtocol: { trusted: ["127.0.0.1"] } });
    const socket = plainConnect(box.server.port, "127.0.0.1");
    socket.write("PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n");
    const options = { servername: "first.test", ALPNProtocols: ["acme-tls/1"], rejectUnauthorized: false };
    const secure = tlsConnect({ socket, ...options });
    secure.on("error", () => {});
    await once(secure, "secureConnect");
    expect([secure.getPeerCertificate().subject.CN, secure.alpnProtocol]).toEqual(["stranger", "acme-tls/1"]);
    secure.end();
    await until(() => box.server.counts().closed["acme-challenge"] === 1);
  });

  test("leaves a client that is silent, talks something else or leaves to the usual ends", async () => {
    await using box = await serve({ handshakeMs: 100 });
    const silent = await new Client(box.server.port).connected();
    const rude = await new Client(box.server.port).connected();
    rude.socket.write("GET / HTTP/1.1\r\n\r\n");
    const half = await new Client(box.server.port).connected();
    half.socket.write(new Uint8Array([0x16, 3, 1, 2, 0, 1]));
    const shy = await new Client(box.server.port).connected();
    shy.socket.end();
    const gone = await new Client(box.server.port).connected();
    gone.socket.resetAndDestroy();
    await until(() => box.server.counts().accepted === 5 && box.server.counts().active === 0);
    await until(() => silent.closed && rude.closed && half.closed && shy.closed);
    expect(box.server.counts()).toMatchObject({ pending: 0, closed: { "tls-failed": 3, peer: 1, reset: 1 } });
  });

  test("whose key is another's is refused by its name, and changes nothing", async () => {
    const wrong = { "a.test": { cert: fixture("first-cert"), key: fixture("second-key") } };
    await using box = await serve();
    const refused = box.server.updateTls({ ...pair("second"), challenges: wrong });
    await expect(refused).rejects.toThrow('challenges["a.test"].cert');
    expect(await openssl(box.server.port, "", "first.test")).toContain("CN = first.test");
  });
});

test("a certificate of many names is made into one context, and again only where it changed", async () => {
  const made = spyOn(tls, "createSecureContext");
  try {
    const names = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`${index}.test`, pair("wild")]));
    await using box = await serve({ names, challenges: {} });
    expect(made).toHaveBeenCalledTimes(2);
    await box.server.updateTls({ ...pair("first"), names: { ...names, "7.test": pair("second") } });
    expect(made).toHaveBeenCalledTimes(3);
    expect(await openssl(box.server.port, "", "7.test")).toContain("CN = second.test");
    expect(await openssl(box.server.port, "", "1999.test")).toContain("CN = *.wild.test");
    // Other options need other contexts.
    await box.server.updateTls({ ...pair("first"), names, minVersion: "TLSv1.3" });
    expect(made).toHaveBeenCalledTimes(5);
  } finally {
    made.mockRestore();
  }
});
