import { afterAll, afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Server as NodeServer, connect as nodeConnect, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { needsNoProxy, parseProxy } from "../../src/net/dial/proxy.ts";
import { type Connection, type ConnectOptions, connect, descriptors, type Handler, listen } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const certificate = readFileSync(`${import.meta.dir}/fixtures/localhost-cert.pem`, "utf8");
const key = readFileSync(`${import.meta.dir}/fixtures/localhost-key.pem`, "utf8");
const SECRET = "s3cr:t/p@ss";
const LOGIN = `me:${encodeURIComponent(SECRET)}`;

const opened: NodeServer[] = [];
async function portOf(server: NodeServer): Promise<number> {
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}
const sockets = new Set<Socket>();
function known(socket: Socket): Socket {
  sockets.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
  return socket;
}
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of opened.splice(0)) server.close();
});

const echo = await listen({ host: "127.0.0.1" }, { chunk: (connection, bytes) => connection.write(bytes) });
afterAll(() => echo.stop({ graceMs: 0 }));

/** What each side says is cut into pieces of this many bytes; 0 = not at all. */
async function say(socket: Socket, bytes: Uint8Array, piece: number): Promise<void> {
  if (piece === 0) socket.write(bytes);
  else
    for (let at = 0; at < bytes.length; at += piece) {
      socket.write(bytes.subarray(at, at + piece));
      await new Promise((resolve) => setImmediate(resolve));
    }
}

interface Said {
  target: string;
  login: string;
}

/** A small proxy of both kinds: reads a request, notes it, connects, answers, forwards. `extra` follows its answer at once. */
async function proxy(kind: "socks5" | "http", options: { piece?: number; extra?: string; login?: boolean } = {}) {
  const { piece = 0, extra = "", login = false } = options;
  const said: Said = { target: "", login: "" };
  const forward = (client: Socket, host: string, port: number, answer: Buffer) => {
    said.target = `${host}:${port}`;
    const target = known(nodeConnect({ host: host === "echo.test" ? "127.0.0.1" : host, port }));
    client.on("close", () => target.destroy());
    target.on("close", () => client.destroy());
    target.on("connect", async () => {
      await say(client, Buffer.concat([answer, Buffer.from(extra)]), piece);
      client.pipe(target).pipe(client);
    });
  };
  const port = await portOf(
    createServer((socket) => {
      known(socket);
      let seen = Buffer.alloc(0);
      let stage = 0;
      socket.on("data", (chunk: Buffer) => {
        if (stage === 3) return;
        seen = Buffer.concat([seen, chunk]);
        if (kind === "http") {
          if (!seen.includes("\r\n\r\n")) return;
          stage = 3;
          const [, host, to] = /^CONNECT (.*):(\d+) HTTP/.exec(seen.toString())!;
          said.login = Buffer.from(/Basic (.*)\r/.exec(seen.toString())?.[1] ?? "", "base64").toString();
          forward(socket, host!, Number(to), Buffer.from("HTTP/1.1 200 Fine\r\nVia: test\r\n\r\n"));
          return;
        }
        if (stage === 0 && seen.length >= 2 + seen[1]!) {
          seen = seen.subarray(2 + seen[1]!);
          stage = login ? 1 : 2;
          void say(socket, Buffer.from([5, login ? 2 : 0]), piece);
        }
        if (stage === 1 && seen.length > 2) {
          const nameEnd = 2 + seen[1]!;
          said.login = `${seen.subarray(2, nameEnd)}:${seen.subarray(nameEnd + 1, nameEnd + 1 + seen[nameEnd]!)}`;
          seen = seen.subarray(nameEnd + 1 + seen[nameEnd]!);
          stage = 2;
          void say(socket, Buffer.from([1, 0]), piece);
        }
        if (stage === 2 && seen.length > 4) {
          const length = seen[3] === 1 ? 4 : seen[4]! + 1;
          const host = seen[3] === 1 ? seen.subarray(4, 8).join(".") : seen.subarray(5, 4 + length).toString();
          stage = 3;
          forward(socket, host, seen.readUInt16BE(4 + length), Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        }
      });
    }),
  );
  return { url: `${kind}://${login ? `${LOGIN}@` : ""}127.0.0.1:${port}`, said };
}

/** Connects, sends, and waits until `expected` came back. */
async function talk(options: ConnectOptions, message: string, expected = message): Promise<Connection> {
  let got = "";
  const handler: Handler = { chunk: (_, bytes) => { got += new TextDecoder().decode(bytes); } }; // biome-ignore format: one thought
  const connection = await connect(options, handler);
  connection.write(message);
  await until(() => got.length >= expected.length);
  expect(got).toBe(expected);
  return connection;
}

test.each([
  ["socks5", { login: true }],
  ["socks5", { piece: 1 }],
  ["socks5", { piece: 1, login: true }],
  ["http", { login: true }],
  ["http", { piece: 1 }],
] as const)(
  "through %s with %p bytes go both ways, the proxy resolves the name, its login is used",
  async (kind, how) => {
    const { url, said } = await proxy(kind, how);
    const connection = await talk({ host: "echo.test", port: echo.port, proxy: url }, "hello");
    const login = "login" in how ? `me:${SECRET}` : "";
    expect(said).toEqual({ target: `echo.test:${echo.port}`, login });
    connection.close();
  },
);

test.each(["socks5", "http"] as const)(
  "what comes with %s's answer reaches the handler, also one put on after connect",
  async (kind) => {
    const { url } = await proxy(kind, { extra: "banner;" });
    (await talk({ host: "127.0.0.1", port: echo.port, proxy: url }, "hi", "banner;hi")).close();
    const connection = await connect({ host: "127.0.0.1", port: echo.port, proxy: url }, {});
    let got = "";
    connection.handler = { chunk: (_, bytes) => { got += new TextDecoder().decode(bytes); } }; // biome-ignore format: one thought
    connection.write("again");
    await until(() => got === "banner;again");
    connection.close();
  },
);

test.each(["socks5", "http"] as const)(
  "TLS goes through %s, verified against the target's name, and closes once",
  async (kind) => {
    const secure = createTlsServer({ key, cert: certificate }, (socket) => void known(socket).pipe(socket));
    const port = await portOf(secure);
    const { url } = await proxy(kind);
    const before = descriptors().open;
    let closes = 0;
    let got = "";
    const handler: Handler = {
      chunk: (_, bytes) => { got += new TextDecoder().decode(bytes); }, // biome-ignore format: one thought
      close: () => { closes += 1; }, // biome-ignore format: one thought
    };
    const options = { host: "localhost", port, proxy: url, tls: { ca: certificate } };
    const connection = await connect(options, handler);
    connection.write("sealed");
    await until(() => got === "sealed");
    expect(connection.tls?.version).toBe("TLSv1.3");
    connection.close();
    await until(() => descriptors().open <= before);
    expect(closes).toBe(1);
    const otherName = connect({ ...options, tls: { ca: certificate, serverName: "other.example" } }, {});
    await expect(otherName).rejects.toMatchObject({ code: "tls-failed", message: expect.stringContaining("altnames") });
    await until(() => descriptors().open <= before);
  },
);

test("bytes in front of a TLS handshake are refused", async () => {
  const { url } = await proxy("socks5", { extra: "banner" });
  const failed = connect({ host: "127.0.0.1", port: echo.port, proxy: url, tls: true }, {});
  await expect(failed).rejects.toMatchObject({ code: "proxy-refused", message: expect.stringContaining("unexpected") });
});

const closing = (socket: Socket) => socket.end();
test.each([
  ["socks5", (socket: Socket) => socket.write(Buffer.from([5, 255])), "no-acceptable-method"],
  ["socks5", (socket: Socket) => socket.write("HTTP/1.1 400 Bad\r\n\r\n"), "version"],
  ["socks5", closing, "closed"],
  ["http", closing, "closed"],
  ["http", (socket: Socket) => socket.resetAndDestroy(), ""],
  ["http", (socket: Socket) => socket.write("HTTP/1.1 407 Who?\r\n\r\n"), "authentication-required, 407 Who?"],
  ["http", (socket: Socket) => socket.write("HTTP/1.1 503 \x1b[31mBusy\r\n\r\n"), "malformed-head"],
  ["http", (socket: Socket) => socket.write("HTTP/1.1 502 Bad Gateway\r\n\r\n"), "status, 502 Bad Gateway"],
  ["http", (socket: Socket) => socket.write("SSH-2.0-x\r\n"), "not-http"],
] as const)(
  "%s that refuses: the reason is named, the password is not, the descriptor is free",
  async (kind, answer, says) => {
    const port = await portOf(createServer((socket) => void known(socket).once("data", () => answer(socket))));
    const before = descriptors().open;
    const url = `${kind}://${LOGIN}@127.0.0.1:${port}`;
    const error = await connect({ host: "echo.test", port: 7, proxy: url }, {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "proxy-refused" });
    expect((error as Error).message).toContain(says);
    expect((error as Error).message).toContain(`echo.test:7 through ${kind}://127.0.0.1:${port}`);
    const shown = Bun.inspect(error, { depth: 9 }) + JSON.stringify(error);
    for (const secret of ["s3cr", "me:", encodeURIComponent(SECRET)]) expect(shown).not.toContain(secret);
    await until(() => descriptors().open <= before);
  },
);

test("one deadline covers proxy, tunnel and handshake; a proxy that is not there is told from its target", async () => {
  const mute = await portOf(createServer((socket) => void known(socket)));
  const options = { host: "echo.test", port: 7, timeoutMs: 60 };
  await expect(connect({ ...options, proxy: `http://127.0.0.1:${mute}` }, {})).rejects.toMatchObject({
    code: "connect-timeout",
    message: expect.stringMatching(/through http.*: the proxy did not answer in time$/),
  });
  await expect(connect({ ...options, proxy: "socks5://127.0.0.1:1" }, {})).rejects.toMatchObject({
    code: "connect-refused",
    message: expect.stringContaining("socks5://127.0.0.1:1, the proxy to echo.test:7"),
  });
});

test("targets of noProxy are connected to directly", async () => {
  const options = { host: "127.0.0.1", port: echo.port, proxy: "socks5://127.0.0.1:1" };
  (await talk({ ...options, noProxy: ["127.0.0.0/8"] }, "direct")).close();
  await expect(connect({ ...options, noProxy: ["10.0.0.0/8"] }, {})).rejects.toMatchObject({ code: "connect-refused" });
});

test.each([
  ["db.home.arpa", "home.arpa", true],
  ["db.home.arpa", ".home.arpa", true],
  ["db.home.arpa", "*.home.arpa", true],
  ["HOME.arpa", "home.ARPA", true],
  ["home.arpa.", "home.arpa", true],
  ["myhome.arpa", "home.arpa", false],
  ["anything", "*", true],
  ["anything", "", false],
  ["10.9.8.7", "10.0.0.0/8", true],
  ["11.9.8.7", "10.0.0.0/8", false],
  ["10.9.8.7", "10.9.8.7", true],
  ["2001:db8::7", "2001:DB8::/32", true],
  ["2001:db9::7", "2001:db8::/32", false],
  ["::1", "[::1]", true],
  ["10.9.8.7", "::/0", false],
  ["10.9.8.7", "8.7", false],
])("%s under noProxy %s: %p", (host, entry, expected) => {
  expect(needsNoProxy(host, [entry])).toBe(expected);
});

test("a range of noProxy that is none is refused, also where another entry matches", () => {
  for (const entry of ["10.0.0.0/33", "10.0.0.0/", "home.arpa/8"]) {
    expect(() => needsNoProxy("home.arpa", ["*", entry])).toThrow(entry);
  }
});

test.each([
  ["https://127.0.0.1:443"],
  ["socks4://h:1"],
  ["127.0.0.1:1080"],
  ["socks5://"],
  ["socks5://h:99999"],
  [`socks5://${LOGIN}@h:1/path`],
  [`socks5://me:%ff${SECRET}@h`],
  [`socks5://me:${"s3cr".repeat(99)}@h`],
  [`http://a%3ab:s3cr@h`],
])("a proxy that is none is refused without its words: %s", (url) => {
  expect(() => parseProxy(url)).toThrow(expect.objectContaining({ code: "invalid-option" }));
  expect(() => parseProxy(url)).not.toThrow(/s3cr/);
});

test("a proxy's address in a URL", () => {
  expect(parseProxy(`socks5://${LOGIN}@[::1]`)).toMatchObject({ host: "::1", port: 1080, text: "socks5://[::1]:1080" });
  expect(parseProxy("http://squid.home.arpa:3128")).toMatchObject({ host: "squid.home.arpa", port: 3128 });
  expect(parseProxy("http://squid")).toMatchObject({ host: "squid", port: 80, text: "http://squid:80" });
});
