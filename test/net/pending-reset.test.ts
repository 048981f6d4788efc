import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { connect, type Handler, type ListenOptions, listen } from "../../src/net/mod.ts";
import { relay } from "../../src/tcp/mod.ts";
import { encodeProxyV1, encodeProxyV2, lines } from "../../src/wire/mod.ts";
import { Client, until } from "./support.ts";

const ENDS = { sourceAddress: "192.0.2.7", sourcePort: 4711, destinationAddress: "198.51.100.1", destinationPort: 443 };
const HEADERS = { v1: encodeProxyV1(ENDS), v2: encodeProxyV2(ENDS) };
const TRUSTED = { trusted: ["127.0.0.0/8"] };
const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const TLS = { cert: fixture("first-cert"), key: fixture("first-key") };

/** Connects once for each length, sends so many of the bytes, and resets: the program has ended when this returns. */
function resetAfter(port: number, bytes: Uint8Array, lengths: readonly number[]): void {
  const program = `const bytes = Buffer.from("${Buffer.from(bytes).toString("hex")}", "hex");
    for (const length of ${JSON.stringify(lengths)}) {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port: ${port}, socket: { data() {} } });
      if (length > 0) socket.write(bytes.subarray(0, length));
      socket.terminate();
    }`;
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "-e", program]);
  if (exitCode !== 0) throw new Error(stderr.toString());
}

/** What a client says first under TLS. */
async function clientHello(): Promise<Uint8Array> {
  const heard = Promise.withResolvers<Uint8Array>();
  const server = createServer((socket) => socket.once("data", heard.resolve).on("error", () => {})).listen(0);
  const client = tlsConnect({ port: (server.address() as { port: number }).port, servername: "first.test" });
  client.on("error", () => {});
  const hello = await heard.promise;
  client.destroy();
  server.close();
  return new Uint8Array(hello);
}

async function serve(options: ListenOptions, more: Handler = {}) {
  const told: string[] = [];
  const handler: Handler = {
    open: ({ remoteAddress }) => told.push(`open ${remoteAddress}`),
    chunk: (_, bytes) => told.push(`chunk ${Buffer.from(bytes).toString("latin1")}`),
    close: (_, reason) => told.push(`close ${reason}`),
    ...more,
  };
  const server = await listen({ host: "127.0.0.1", ...options }, handler);
  return { told, server, [Symbol.asyncDispose]: () => server.stop({ graceMs: 0 }) };
}

const upTo = (length: number) => Array.from({ length: length + 1 }, (_, index) => index);

describe("a connection that was reset before it was accepted is counted, and no handler is told", () => {
  test.each([
    ["", { proxyProtocol: TRUSTED }],
    [" before TLS", { proxyProtocol: TRUSTED, tls: TLS }],
  ])("at each byte of a PROXY header%s, and behind it", async (_, options) => {
    for (const header of Object.values(HEADERS)) {
      await using box = await serve(options);
      const lengths = upTo(header.length + 5);
      resetAfter(box.server.port, Buffer.concat([header, Buffer.from("hello")]), lengths);
      await until(() => box.server.counts().closed.reset === lengths.length);
      expect(box.server.counts()).toMatchObject({ accepted: lengths.length, active: 0, pending: 0 });
      expect(box.told).toEqual([]);
    }
  });

  test("with TLS, without anything in front, and where frames are cut", async () => {
    const hello = await clientHello();
    await using secure = await serve({ tls: TLS });
    await using plain = await serve({});
    await using framed = await serve({}, { framing: lines(), frame: () => framed.told.push("frame") });
    const lengths = upTo(20).map((step) => Math.floor((step * hello.length) / 20));
    for (const box of [secure, plain, framed]) {
      resetAfter(box.server.port, hello, lengths);
      await until(() => box.server.counts().closed.reset === lengths.length);
      expect(box.server.counts()).toMatchObject({ accepted: lengths.length, active: 0, pending: 0 });
      expect(box.told).toEqual([]);
    }
  });

  test("a relay opens nothing to its targets for a check of a proxy in front", async () => {
    await using target = await serve({});
    const forwarding = relay({ targets: [`127.0.0.1:${target.server.port}`] });
    await using box = await listen({ host: "127.0.0.1", proxyProtocol: TRUSTED }, forwarding);
    resetAfter(box.port, HEADERS.v1, Array(10).fill(HEADERS.v1.length));
    await until(() => box.counts().closed.reset === 10);
    expect(target.server.counts().accepted).toBe(0);
  });
});

describe("one that is reset while it arrives is counted, and no handler is told", () => {
  test.each([
    ["a header of v1", HEADERS.v1, { proxyProtocol: TRUSTED }],
    ["a header of v2", HEADERS.v2, { proxyProtocol: TRUSTED }],
    ["a header before TLS", HEADERS.v1, { proxyProtocol: TRUSTED, tls: TLS }],
    ["a ClientHello", undefined, { tls: TLS }],
    ["a header and a ClientHello", undefined, { proxyProtocol: TRUSTED, tls: TLS }],
  ] as const)("at each byte of %s, and right behind it", async (name, header, options) => {
    const hello = await clientHello();
    const bytes = header ?? (name.includes("header") ? Buffer.concat([HEADERS.v2, hello]) : hello);
    await using box = await serve(options);
    const steps = upTo(Math.min(bytes.length, 60));
    const lengths = steps.map((step) => Math.floor((step * bytes.length) / (steps.length - 1)));
    for (const isSeen of [true, false]) {
      // Behind a whole header a connection stands, unless the reset is there as well when it is read.
      const sent = isSeen && header !== undefined ? lengths.slice(0, -1) : lengths;
      const before = box.server.counts().accepted;
      const clients = await Promise.all(sent.map(() => new Client(box.server.port).connected()));
      await until(() => box.server.counts().pending === clients.length);
      for (const [index, { socket }] of clients.entries())
        if (sent[index]! > 0) socket.write(bytes.subarray(0, sent[index]));
      if (isSeen) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const { socket } of clients) socket.resetAndDestroy();
      await until(() => box.server.counts().active === 0);
      const { accepted, pending, closed } = box.server.counts();
      expect({ pending, accepted }).toEqual({ pending: 0, accepted: before + clients.length });
      expect(closed.reset).toBe(accepted);
      expect(box.told).toEqual([]);
    }
  });
});

test("of those that are reset right behind their handshake, a handler hears as good as never", async () => {
  await using box = await serve({ tls: TLS });
  const count = 20;
  for (let round = 1; round <= count; round++) {
    const client = await new Client(box.server.port).connected();
    tlsConnect({ socket: client.socket, rejectUnauthorized: false, servername: "first.test" }).on("error", () => {});
    while (box.server.counts().handshakes < round) await new Promise((resolve) => setImmediate(resolve));
    client.socket.resetAndDestroy();
  }
  await until(() => box.server.counts().closed.reset === count);
  expect(box.server.counts()).toMatchObject({ active: 0, pending: 0 });
  // The moment in which a reset is awaited may pass on a busy machine.
  expect(box.told.filter((each) => each.startsWith("open")).length).toBeLessThan(count);
});

test("one that stands is told of after a moment, where it says nothing, and at once where it finishes", async () => {
  await using box = await serve({ tls: TLS, halfOpen: true }, { end: (connection) => connection.end() });
  const options = { port: box.server.port, rejectUnauthorized: false, servername: "first.test" };
  const silent = tlsConnect(options);
  await until(() => box.told.length === 1);
  const finished = tlsConnect(options, () => finished.end());
  await until(() => box.told.length === 3);
  expect(box.told).toEqual(["open 127.0.0.1", "open 127.0.0.1", "close peer"]);
  silent.destroy();
});

test.each([
  ["socks5", [Buffer.from([5, 0]), Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 7])]],
  ["http", [Buffer.from("HTTP/1.1 200 OK\r\n\r\n")]],
])("a proxy of %s that resets at any byte of what it answers never made a connection", async (kind, answers) => {
  const whole = Buffer.concat(answers).length;
  let left = 0;
  const proxy = Bun.listen<number>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = 0;
      },
      data(socket) {
        const answer = answers[socket.data++]!;
        socket.write(answer.subarray(0, Math.min(left, answer.length)));
        left -= answer.length;
        if (left <= 0) socket.terminate();
      },
    },
  });
  const told: string[] = [];
  for (const length of upTo(whole)) {
    left = length;
    const handler: Handler = { open: () => told.push("open"), close: () => told.push("close") };
    const dialled = connect({ port: 7, proxy: `${kind}://127.0.0.1:${proxy.port}`, timeoutMs: 3000 }, handler);
    expect(await dialled.catch((error) => error)).toMatchObject({ code: "proxy-refused" });
  }
  expect(told).toEqual([]);
  proxy.stop(true);
});
