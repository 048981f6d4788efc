/** What `net/tls/` relies on, or works around, in the runtime; see `runtime-traps.test.ts`. */
import { afterEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import tls, { type ConnectionOptions, type TLSSocket } from "node:tls";
import { until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const pem = (name: string) => readFileSync(fixture(name), "utf8");
const pair = (name: string) => ({ cert: pem(`${name}-cert`), key: pem(`${name}-key`) });

/** As much of the runtime's socket as the tests use. */
interface Raw {
  readonly fd: number;
  write(bytes: string | Uint8Array): number;
  pause(): void;
  close(): void;
  terminate(): void;
  upgradeTLS(request: object): [Raw, Raw];
}

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function listening(socket: object, more: object = {}): number {
  const quiet = { data() {}, error() {}, close() {} };
  const options = { hostname: "127.0.0.1", port: 0, allowHalfOpen: true, socket: { ...quiet, ...socket }, ...more };
  const server = Bun.listen(options as never) as unknown as { port: number; stop(all: boolean): void };
  stops.push(() => server.stop(true));
  return server.port;
}

function visitor(port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  socket.on("error", () => {});
  stops.push(() => socket.destroy());
  return socket;
}

/** Upgrades each socket as it comes. */
function upgrading(events: object): { port: number; halves: () => [plain: Raw, secure: Raw] } {
  let halves: [Raw, Raw] | undefined;
  const open = (socket: Raw) => {
    const request = { isServer: true, tls: pair("first"), data: {}, socket: { data() {}, error() {}, ...events } };
    halves = [socket, socket.upgradeTLS(request)[1]];
  };
  return { port: listening({ open }), halves: () => halves! };
}

async function nameSeen(port: number, servername: string): Promise<string> {
  const socket = visitor(port, { servername });
  await once(socket, "secureConnect");
  return String(socket.getPeerCertificate().subject.CN);
}

test("a TLS listener's own certificate is all that clients without a name get", async () => {
  const second = tls.createSecureContext(pair("second")).context;
  const port = listening({ serverName: () => second }, { tls: pair("first") });
  expect([await nameSeen(port, "any.test"), await nameSeen(port, "")]).toEqual(["second.test", "first.test"]);
});

test("a hello that was read is lost to upgradeTLS", async () => {
  const ends: (boolean | "closed")[] = [];
  let isUpgraded = false;
  const data = (socket: Raw) => {
    const handlers = {
      data() {},
      error() {},
      handshake: (_: Raw, isDone: boolean) => void ends.push(isDone),
      close: () => void ends.push("closed"),
    };
    socket.upgradeTLS({ isServer: true, tls: pair("first"), data: {}, socket: handlers });
    isUpgraded = true;
  };
  const port = listening({ data });
  const client = visitor(port);
  let isSecured = false;
  client.once("secureConnect", () => {
    isSecured = true;
  });
  await until(() => isUpgraded);
  await Bun.sleep(100);
  client.destroy();
  await until(() => ends.includes("closed"));
  expect([isSecured, ends.includes(true)]).toEqual([false, false]);
});

test("a certificate that is set when the protocols are known is not sent", async () => {
  const second = tls.createSecureContext(pair("second")).context;
  const offered: string[] = [];
  const alpnCallback = (socket: { setKeyCert(context: object): void }, _: unknown, wire: Uint8Array) => {
    offered.push(String(Buffer.from(wire)));
    socket.setKeyCert(second);
    return "acme-tls/1";
  };
  const { port } = upgrading({ alpnCallback });
  const client = visitor(port, { ALPNProtocols: ["acme-tls/1"], servername: "second.test" });
  await once(client, "secureConnect");
  expect([offered, client.alpnProtocol]).toEqual([["\nacme-tls/1"], "acme-tls/1"]);
  expect(client.getPeerCertificate().subject.CN).toBe("first.test");
});

test("the plain half of an upgraded socket is given each encrypted read, if its listener has data", async () => {
  const plain: number[] = [];
  const seen: string[] = [];
  const events = { data: (_: Raw, bytes: Uint8Array) => void seen.push(String(bytes)), error() {} };
  const open = (socket: Raw) =>
    void socket.upgradeTLS({ isServer: true, tls: pair("first"), data: {}, socket: events });
  const data = (_: Raw, bytes: Uint8Array) => void plain.push(bytes[0]!);
  const without = { open, data: undefined, drain() {} };
  const counts: number[] = [];
  for (const port of [listening({ open, data }), listening(without)]) {
    const client = visitor(port);
    await once(client, "secureConnect");
    client.write("hi");
    await until(() => seen.length === 1);
    seen.length = 0;
    counts.push(plain.length);
  }
  // The ClientHello, and at least one read more; nothing of the other client.
  expect(plain[0]).toBe(22);
  expect([counts[0]! >= 2, counts[1]]).toEqual([true, counts[0]!]);
});

test("a reload of a client's plain half silences that half alone", async () => {
  const port = listening(
    { data: (socket: Raw, bytes: Uint8Array) => void socket.write(bytes) },
    { tls: pair("first") },
  );
  const counts = { plain: 0, secure: 0 };
  const quiet = { drain() {}, error() {}, close() {} };
  const data = () => { counts.plain += 1; }; // biome-ignore format: one thought
  const plain = { ...quiet, data, open: (socket: Raw) => void upgradeClient(socket) };
  function upgradeClient(socket: Raw): void {
    const secure = {
      ...quiet,
      data: (_: Raw, bytes: Uint8Array) => { counts.secure += bytes.length; }, // biome-ignore format: one thought
      handshake: (own: Raw) => void own.write("hello"),
    };
    const [half] = socket.upgradeTLS({ tls: { rejectUnauthorized: false }, data: {}, socket: secure });
    if (isSilenced) (half as Raw & { reload(options: object): void }).reload({ socket: { ...quiet } });
  }
  let isSilenced = true;
  for (const expected of [0, 2]) {
    Object.assign(counts, { plain: 0, secure: 0 });
    const client = await Bun.connect({ hostname: "127.0.0.1", port, socket: plain } as never);
    stops.push(() => (client as { terminate(): void }).terminate());
    await until(() => counts.secure === 5);
    expect(Math.min(counts.plain, 2)).toBe(expected);
    isSilenced = false;
  }
});

test("a plain socket that was upgraded has no descriptor and cannot end it", async () => {
  let isDone = false;
  const { port, halves } = upgrading({ handshake: () => { isDone = true; } }); // biome-ignore format: one thought
  const client = visitor(port);
  await once(client, "secureConnect");
  await until(() => isDone);
  const [plain, secure] = halves();
  expect([plain.fd, secure.fd > 2]).toEqual([-1, true]);
  plain.terminate();
  await Bun.sleep(20);
  secure.write("still there");
  expect(String((await once(client, "data"))[0])).toBe("still there");
});

test("a close under TLS keeps the descriptor until the peer answers, and terminate does not help", async () => {
  let isDone = false;
  const { port, halves } = upgrading({ handshake: () => { isDone = true; } }); // biome-ignore format: one thought
  const words = ["s_client", "-connect", `127.0.0.1:${port}`];
  const client = spawn("openssl", words, { stdio: ["pipe", "ignore", "ignore"] });
  stops.push(() => client.kill("SIGKILL"));
  await until(() => isDone);
  client.kill("SIGSTOP");
  const [, secure] = halves();
  const place = `/proc/self/fd/${secure.fd}`;
  const its = readlinkSync(place);
  // What the kernel takes no more of waits encrypted.
  for (let sent = 0; sent < 8_000_000; sent += 100_000) secure.write(new Uint8Array(100_000));
  secure.close();
  secure.terminate();
  await Bun.sleep(100);
  expect(readlinkSync(place)).toBe(its);
});

test("bytes that come with the end of a handshake are delivered in spite of pause", async () => {
  const events: string[] = [];
  const { port } = upgrading({
    handshake: (socket: Raw) => {
      socket.pause();
      events.push("paused");
    },
    data: (_: Raw, bytes: Uint8Array) => void events.push(String(bytes)),
  });
  visitor(port, { servername: "first.test" }).write("early");
  await until(() => events.length === 2);
  expect(events).toEqual(["paused", "early"]);
});

test("a client without serverName verifies no name", async () => {
  const port = listening({}, { tls: pair("first") });
  const authorized = await new Promise((resolve) => {
    const handshake = (_: unknown, isAuthorized: boolean) => resolve(isAuthorized);
    const options = { hostname: "127.0.0.1", port, tls: { ca: pem("ca-cert"), rejectUnauthorized: true } };
    void Bun.connect({ ...options, socket: { data() {}, handshake } } as never);
  });
  // The certificate is for first.test, and for no address.
  expect(authorized).toBe(true);
});

test("an address as serverName is sent as SNI", async () => {
  let hello = "";
  const port = listening({ data: (_: Raw, bytes: Uint8Array) => { hello += Buffer.from(bytes).toString("latin1"); } }); // biome-ignore format: one thought
  const socket = { data() {}, error() {}, close() {} };
  Bun.connect({ hostname: "127.0.0.1", port, tls: { serverName: "192.0.2.1" }, socket } as never).catch(() => {});
  await until(() => hello.includes("192.0.2.1"));
});

test("a FIN under TLS is reported alike with and without close_notify", async () => {
  for (const isGenuine of [true, false]) {
    const told: string[] = [];
    const { port } = upgrading({
      data: (_: Raw, bytes: Uint8Array) => void told.push(String(bytes)),
      end: () => void told.push("end"),
      close: () => void told.push("close"),
      error: (_: Raw, error: Error) => void told.push(error.message),
    });
    const plain = connect(port, "127.0.0.1");
    stops.push(() => plain.destroy());
    await once(plain, "connect");
    const secure = visitor(port, { socket: plain });
    await once(secure, "secureConnect");
    secure.write("half");
    await until(() => told.length === 1);
    (isGenuine ? secure : plain).end();
    await until(() => told.length === 2);
    expect(told).toEqual(["half", "end"]);
  }
});

test("a session is resumed where the encrypted half's open sets it, and not behind upgradeTLS", async () => {
  const server = tls.createServer(pair("first"), (socket) => socket.on("error", () => {}).end("hello"));
  stops.push(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  interface Secure extends Raw {
    setSession(session: Uint8Array): void;
    isSessionReused(): boolean;
  }
  let session: Uint8Array | undefined;
  const isResumed = async (set: "in open" | "behind" | "never") => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const quiet = { data() {}, error() {}, close() {} };
    const raw = (await Bun.connect({ hostname: "127.0.0.1", port, socket: quiet })) as unknown as Raw;
    const socket = {
      ...quiet,
      open: (secure: Secure) => set === "in open" && secure.setSession(session!),
      // Without it, `open` is called when the handshake is over.
      handshake() {},
      session: (_: Secure, given: Uint8Array) => {
        session = given;
      },
      data: (secure: Secure) => resolve(secure.isSessionReused()),
    };
    const [, secure] = raw.upgradeTLS({ tls: { rejectUnauthorized: false }, data: {}, socket });
    if (set === "behind") (secure as Secure).setSession(session!);
    const isReused = await promise;
    await until(() => session !== undefined);
    secure.terminate();
    return isReused;
  };
  expect([await isResumed("never"), await isResumed("in open"), await isResumed("behind")]).toEqual([
    false,
    true,
    false,
  ]);
});
