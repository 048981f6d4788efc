import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as plainConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect as tlsConnect } from "node:tls";
import { type Connection, connect, type Handler, type ListenOptions, listen, type TlsInfo } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const fixtureFile = (name: string) => join(import.meta.dirname, "fixtures", name);
const fixture = (name: string) => fixtureFile(`${name}.pem`);
const pem = (name: string) => readFileSync(fixture(name), "utf8");
const pair = (name: string) => ({ cert: pem(`${name}-cert`), key: pem(`${name}-key`) });
const folder = mkdtempSync(join(tmpdir(), "tenk-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FIRST = { cert: fixture("first-cert"), key: fixture("first-key") };
const echo: Handler = { chunk: (connection, bytes) => connection.write(bytes) };

function serve(tls: ListenOptions["tls"], handler: Handler = echo, options: ListenOptions = {}) {
  return listen({ host: "127.0.0.1", ...options, ...(tls ? { tls } : {}) }, handler);
}

interface Handshake {
  subject: string | undefined;
  alpn: string | false | null;
  version: string | null;
  answer: string;
  error: string | undefined;
}

/** A whole visit by node's client: handshake, "hi" and its echo, end. */
function visit(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = tlsConnect({ port, host: "127.0.0.1", ca: pem("ca-cert"), servername: "first.test", ...options });
    const seen: Handshake = { subject: undefined, alpn: null, version: null, answer: "", error: undefined };
    socket.on("secureConnect", () => {
      const subject = socket.getPeerCertificate().subject?.CN;
      Object.assign(seen, { subject, alpn: socket.alpnProtocol, version: socket.getProtocol() });
      socket.write("hi");
    });
    socket.on("data", (chunk) => {
      seen.answer += chunk.toString();
      socket.end();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      seen.error = error.code ?? error.message;
    });
    socket.on("close", () => resolve(seen));
  });
}

describe("a listener with TLS", () => {
  test("shows the certificate of the name that is asked for, of wildcards too, its first one otherwise", async () => {
    await using server = await serve({
      ...FIRST,
      names: { "Second.test": pair("second"), "*.wild.test": pair("wild") },
    });
    const subjectFor = async (servername: string) => (await visit(server.port, { servername })).subject;
    expect(await subjectFor("first.test")).toBe("first.test");
    expect(await subjectFor("second.TEST")).toBe("second.test");
    expect(await subjectFor("a.wild.test")).toBe("*.wild.test");
    const checkServerIdentity = () => undefined;
    expect((await visit(server.port, { servername: "a.b.wild.test", checkServerIdentity })).subject).toBe("first.test");
    expect((await visit(server.port, { servername: "", checkServerIdentity })).subject).toBe("first.test");
    expect(server.counts()).toMatchObject({ handshakes: 5, pending: 0, bytesRead: 10, bytesWritten: 10 });
  });

  test("agrees on a protocol and a version, and tells its handler", async () => {
    let info: TlsInfo | undefined;
    await using server = await serve(
      { ...FIRST, alpn: ["h2", "chat"], minVersion: "TLSv1.3" },
      { ...echo, open: (connection) => { info = connection.tls; } }, // biome-ignore format: one thought
    );
    expect(await visit(server.port, { ALPNProtocols: ["chat"] })).toMatchObject({ alpn: "chat", answer: "hi" });
    expect(info).toMatchObject({ version: "TLSv1.3", alpn: "chat", serverName: "first.test", authorized: false });
    expect((await visit(server.port, { ALPNProtocols: ["chat", "h2"] })).alpn).toBe("h2");
    expect(await visit(server.port)).toMatchObject({ alpn: false, answer: "hi" });
    const old = await visit(server.port, { maxVersion: "TLSv1.2" });
    expect(old).toMatchObject({ version: null, answer: "" });
    expect(old.error).toBeDefined();
    await until(() => server.counts().active === 0);
    expect(server.counts().closed["tls-failed"]).toBe(1);
  });

  test("keeps to the ciphers and groups that it is told", async () => {
    const ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305";
    await using server = await serve({ ...FIRST, ciphers, groups: ["P-384"] });
    const words = ["s_client", "-connect", `127.0.0.1:${server.port}`, "-tls1_2"];
    const client = spawn("openssl", words, { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    client.stdout.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
    await once(client, "close");
    expect(said).toContain(`Cipher is ${ciphers}`);
    expect(said).toContain("secp384r1");
  });

  test.each([
    ["none", undefined, true],
    ["ask", undefined, true],
    ["ask", "phone", true],
    ["ask", "stranger", false],
    ["require", "phone", true],
    ["require", undefined, false],
    ["require", "stranger", false],
  ] as const)("with client certificates %s lets one with certificate %s in: %p", async (mode, client, isLetIn) => {
    let peer: TlsInfo | undefined;
    await using server = await serve(
      { ...FIRST, clientCertificates: mode, clientCa: fixture("ca-cert") },
      { ...echo, open: (connection) => { peer = connection.tls; } }, // biome-ignore format: one thought
    );
    const seen = await visit(server.port, client === undefined ? {} : pair(client));
    expect(seen.answer).toBe(isLetIn ? "hi" : "");
    await until(() => server.counts().active === 0);
    expect(server.counts().closed["tls-failed"]).toBe(isLetIn ? 0 : 1);
    if (client !== "phone") return expect(peer?.peer).toBeUndefined();
    expect(peer).toMatchObject({ authorized: true, peer: { names: "DNS:phone.test" } });
    expect(peer?.peer?.subject).toContain("CN=phone");
    expect(peer?.peer?.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  test("counts and closes what does not finish its handshake in time, talks nonsense, or leaves", async () => {
    await using server = await serve({ ...FIRST, handshakeMs: 100 });
    const silent = await new Client(server.port).connected();
    const rude = await new Client(server.port).connected();
    rude.socket.write("GET / HTTP/1.1\r\n\r\n");
    const shy = await new Client(server.port).connected();
    shy.socket.end();
    await until(() => server.counts().active === 0);
    await until(() => silent.closed && rude.closed && shy.closed);
    const { accepted, handshakes, pending, closed } = server.counts();
    expect({ accepted, handshakes, pending }).toEqual({ accepted: 3, handshakes: 0, pending: 0 });
    expect(closed).toMatchObject({ "tls-failed": 2, peer: 1 });
  });

  test("refuses more handshakes at a time than it is told to", async () => {
    await using server = await serve({ ...FIRST, maxHandshakes: 3 });
    const silent = await Promise.all(Array.from({ length: 3 }, () => new Client(server.port).connected()));
    await until(() => server.counts().pending === 3);
    expect((await visit(server.port)).answer).toBe("");
    expect(server.counts().rejected.handshakes).toBe(1);
    silent[0]?.socket.destroy();
    await until(() => server.counts().pending === 2);
    expect((await visit(server.port)).answer).toBe("hi");
  });

  test("carries megabytes both ways to a slow reader, byte for byte", async () => {
    await using server = await serve(FIRST, echo, { writeQueueMaxBytes: 32 << 20 });
    const socket = tlsConnect({ port: server.port, ca: pem("ca-cert"), servername: "first.test" });
    const block = Buffer.alloc(5 << 20, 0).map((_, index) => (index * 31) >> 3);
    socket.write(block);
    const parts: Buffer[] = [];
    let length = 0;
    socket.pause();
    await until(() => server.counts().writeQueueBytes > 0);
    socket.on("data", (chunk) => { length += parts.push(chunk as Buffer) && chunk.length; }); // biome-ignore format: one thought
    socket.resume();
    await until(() => length === block.length);
    expect(Buffer.compare(Buffer.concat(parts), block)).toBe(0);
    socket.end();
    await until(() => server.counts().active === 0);
    expect(server.counts().closed.peer).toBe(1);
  });

  test("changes its certificates without dropping a connection, and keeps the old where the new are wrong", async () => {
    const file = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    const install = (name: string) => {
      copyFileSync(fixture(`${name}-cert`), file.cert);
      copyFileSync(fixture(`${name}-key`), file.key);
    };
    install("first");
    await using server = await serve(file);
    const open = tlsConnect({ port: server.port, ca: pem("ca-cert"), servername: "first.test" });
    await once(open, "secureConnect");
    install("second");
    await server.updateTls(file);
    expect((await visit(server.port, { servername: "second.test" })).subject).toBe("second.test");
    copyFileSync(fixture("first-key"), file.key);
    expect(server.updateTls(file)).rejects.toMatchObject({ code: "invalid-option" });
    expect((await visit(server.port, { servername: "second.test" })).subject).toBe("second.test");
    open.write("still here");
    const [answer] = await once(open, "data");
    expect(String(answer)).toBe("still here");
    open.destroy();
  });

  test("is asked for by openssl and sees its names, protocol and certificate", async () => {
    await using server = await serve({
      ...FIRST,
      names: { "second.test": pair("second") },
      alpn: ["chat"],
      clientCertificates: "require",
      clientCa: fixture("ca-cert"),
    });
    const words = ["s_client", "-connect", `127.0.0.1:${server.port}`, "-CAfile", fixture("ca-cert"), "-alpn", "chat"];
    const mine = ["-cert", fixture("phone-cert"), "-key", fixture("phone-key"), "-servername", "second.test"];
    const client = spawn("openssl", [...words, ...mine, "-verify_return_error"], { stdio: "pipe" });
    let said = "";
    client.stdout.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
    await until(() => said.includes("Verify return code"));
    client.stdin.write("ping\n");
    await until(() => server.counts().bytesWritten === 5);
    client.stdin.end();
    await once(client, "close");
    expect(said).toContain("ping\n");
    expect(said).toContain("subject=CN = second.test");
    expect(said).toContain("ALPN protocol: chat");
    expect(said).toContain("Verify return code: 0 (ok)");
  });
});

const hasGo = spawnSync("go", ["version"]).status === 0;
if (!hasGo) {
  test.skipIf(process.env.CI !== "true")("Go's client cannot be tried: needs go", () => {
    throw new Error("This check needs go, and must not be left out in CI");
  });
} else {
  const program = join(folder, "client");
  // Compiling takes seconds on an idle machine, minutes on a busy one: no part of what the test may take.
  beforeAll(async () => {
    const cache = process.env.GOCACHE ?? join(tmpdir(), "tenk-go-cache");
    const build = spawn("go", ["build", "-o", program, fixtureFile("tls-client.go")], {
      env: { ...process.env, GOFLAGS: "-mod=mod", GOCACHE: cache },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    build.stderr.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
    const [code] = await once(build, "close");
    if (code !== 0) throw new Error(`go build failed: ${said}`);
  }, 300_000);

  test("Go's client sees the same, with a certificate of its own", async () => {
    await using server = await serve({
      ...FIRST,
      names: { "second.test": pair("second") },
      alpn: ["chat"],
      clientCertificates: "require",
      clientCa: fixture("ca-cert"),
    });
    const run = async (...more: string[]) => ask(server.port, ...more);
    const ask = async (port: number, ...more: string[]) => {
      const words = [`127.0.0.1:${port}`, "second.test", fixture("ca-cert"), ...more];
      const client = spawn(program, words, { stdio: "pipe" });
      let said = "";
      for (const stream of [client.stdout, client.stderr]) stream.on("data", (chunk) => { said += chunk; }); // biome-ignore format: one thought
      await once(client, "close");
      return said.trim();
    };
    expect(await run(fixture("phone-cert"), fixture("phone-key"))).toBe("second.test chat TLSv1.3 hi");
    expect(await run()).toContain("error");
    const names = { "second.test": pair("second") };
    await using strict = await serve({ ...FIRST, names, alpn: ["other"] });
    expect(await ask(strict.port)).toContain("no application protocol");
    await using lenient = await serve({ ...FIRST, names, alpn: ["other"], alpnMismatch: "continue" });
    expect(await ask(lenient.port)).toBe("second.test  TLSv1.3 hi");
  });
}

describe("wrong options are refused with what is wrong:", () => {
  test.each([
    [{ ...FIRST, cert: "/nowhere.pem" }, "Cannot read cert"],
    [{ ...FIRST, key: fixture("second-key") }, "Cannot use cert, key"],
    [{ ...FIRST, key: "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n" }, "Cannot use cert, key"],
    [{ ...FIRST, names: { "a.test": { cert: fixture("first-cert"), key: "x" } } }, 'names["a.test"].key'],
    [{ ...FIRST, clientCertificates: "require" as const }, "without clientCa"],
    [{ ...FIRST, minVersion: "TLSv1.1" as "TLSv1.2" }, "TLSv1.1"],
    [{ ...FIRST, alpn: [""] }, "alpn"],
    [{ ...FIRST, maxHandshakes: -1 }, "maxHandshakes"],
    [{} as typeof FIRST, "Cannot use cert"],
    [{ ...FIRST, ciphers: "ROT13" }, "NO_CIPHER_MATCH"],
    [{ ...FIRST, groups: ["P-12"] }, "curve"],
    [{ ...FIRST, clientRevocations: FIRST.cert }, "CRL"],
    [{ cert: FIRST.key, key: FIRST.cert }, `${FIRST.key}": a private key stands where the certificate is expected`],
    [{ ...FIRST, key: fixture("second-key") }, `key of "${fixture("second-key")}"): the key is not that of the`],
  ])("%#", async (tls, said) => {
    const error = (await serve(tls).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain(said);
    expect(error.message).not.toContain("nonsense");
  });
});

const loopback = () => Promise.resolve(["127.0.0.1"]);

describe("STARTTLS", () => {
  /** A server that speaks in the clear until it is asked for TLS. */
  function startable(options: ListenOptions = {}) {
    return serve(
      undefined,
      {
        chunk(connection, bytes) {
          if (connection.tls || String.fromCharCode(...bytes) !== "STARTTLS\n") return connection.write(bytes);
          connection.write("go\n");
          return connection.startTls(FIRST);
        },
      },
      options,
    );
  }

  test("goes from clear to TLS with node's client", async () => {
    await using server = await startable();
    const raw = plainConnect(server.port, "127.0.0.1");
    raw.write("hello");
    expect(String((await once(raw, "data"))[0])).toBe("hello");
    raw.write("STARTTLS\n");
    expect(String((await once(raw, "data"))[0])).toBe("go\n");
    const secure = tlsConnect({ socket: raw, ca: pem("ca-cert"), servername: "first.test" });
    await once(secure, "secureConnect");
    secure.write("secret");
    expect(String((await once(secure, "data"))[0])).toBe("secret");
    secure.end();
    await until(() => server.counts().active === 0);
    expect(server.counts().closed.peer).toBe(1);
  });

  test("goes from clear to TLS on the connecting side, the name verified", async () => {
    await using server = await startable();
    let got = "";
    const handler: Handler = {
      async chunk(connection, bytes) {
        got += new TextDecoder().decode(bytes);
        if (!got.endsWith("go\n") || connection.tls) return;
        const info = await connection.startTls({ serverName: "first.test", ca: pem("ca-cert") });
        expect(info).toMatchObject({ version: "TLSv1.3", authorized: true });
        connection.write("secret");
      },
    };
    const connection = await connect({ port: server.port }, handler);
    connection.write("STARTTLS\n");
    await until(() => got === "go\nsecret");
    connection.close();
    let reason = "";
    const wrong: Handler = {
      chunk: (each) => each.startTls({ serverName: "other.test", ca: pem("ca-cert") }).catch(() => {}),
      close: (_, why) => { reason = why; }, // biome-ignore format: one thought
    };
    (await connect({ port: server.port }, wrong)).write("STARTTLS\n");
    await until(() => reason === "tls-failed");
    // Without a name given, the certificate must be for the host that was connected to.
    const [fine, lookup] = ["localhost", "second.test"].map((host) => ({ host, port: server.port, lookup: loopback }));
    const secured: string[] = [];
    const named = (name: string): Handler => ({
      chunk: (each) => each.startTls({ ca: pem("ca-cert") }).then(() => secured.push(`${name} secured`)),
      close: (_, why) => secured.push(`${name} ${why}`),
    });
    (await connect(lookup!, named("second.test"))).write("STARTTLS\n");
    await until(() => secured.join() === "second.test tls-failed");
    const kept = await connect(fine!, named("localhost"));
    kept.write("STARTTLS\n");
    await until(() => secured.includes("localhost secured"));
    kept.close();
  });

  test("what is written meanwhile is sent under TLS, and bytes smuggled in behind the request end it", async () => {
    const { lines } = await import("../../src/wire/mod.ts");
    const got: string[] = [];
    let reason = "";
    const handler: Handler = {
      framing: lines(),
      frame(connection, line) {
        got.push(new TextDecoder().decode(line));
        if (got.at(-1) !== "STARTTLS") return;
        connection.write("go\n");
        const secured = connection.startTls(FIRST);
        connection.write("first words\n");
        return secured.catch(() => {});
      },
      close: (_, why) => { reason = why; }, // biome-ignore format: one thought
    };
    await using server = await serve(undefined, handler);
    const smuggler = await new Client(server.port).connected();
    smuggler.socket.write("STARTTLS\nEVIL\n");
    await until(() => reason === "tls-failed");
    expect(got).toEqual(["STARTTLS"]);
    const raw = plainConnect(server.port, "127.0.0.1");
    raw.write("STARTTLS\n");
    expect(String((await once(raw, "data"))[0])).toBe("go\n");
    const secure = tlsConnect({ socket: raw, ca: pem("ca-cert"), servername: "first.test" });
    expect(String((await once(secure, "data"))[0])).toBe("first words\n");
    secure.destroy();
  });

  test("is refused where it makes no sense", async () => {
    const refusals: string[] = [];
    const note = (promise: Promise<unknown>) =>
      promise.catch((error: Error) => { refusals.push(error.message); }); // biome-ignore format: one thought
    const handler: Handler = { open: (connection: Connection) => note(connection.startTls(FIRST)) };
    await using server = await serve(FIRST, handler);
    const visitor = tlsConnect({ port: server.port, ca: pem("ca-cert"), servername: "first.test" });
    await until(() => refusals.length === 1);
    expect(refusals[0]).toContain("has it already");
    visitor.destroy();
  });
});
