import { afterEach, expect, test } from "bun:test";
import { until } from "../../net/support.ts";
import { Bench, blockOf, type RawConnection, Recorder, send } from "./support.ts";

const bench = new Bench();
afterEach(() => bench.close());

const UPGRADE = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const encode = (text: string) => new TextEncoder().encode(text);

/** A tunnel to a target that sends `first` with its 101, and then what `answer` says. */
async function tunnel(first = "", answer: (connection: RawConnection, bytes: string) => void = () => {}) {
  let seen = 0;
  const raw = await bench.raw((connection) => {
    const bytes = connection.received.slice(seen);
    seen = connection.received.length;
    if (bytes === UPGRADE) connection.socket.write(SWITCH + first);
    else answer(connection, bytes);
  });
  const target = bench.target({ url: raw.url });
  const request = send(target, UPGRADE, { isUpgrade: true });
  await until(() => request.status === 101);
  return { raw, target, request, connection: raw.connections[0]! };
}

test("bytes go both ways as they are, those that came with the 101 first", async () => {
  const { target, request, raw } = await tunnel("hello", ({ socket }, bytes) => socket.write(bytes.toUpperCase()));
  expect(request.fields.upgrade).toBe("websocket");
  expect(request.exchange.bodyFraming).toBe("tunnel");
  request.exchange.write(encode("0\r\n\r\n"));
  request.exchange.write(encode("abc"));
  await until(() => request.text === "hello0\r\n\r\nABC");
  expect(raw.connections[0]!.received).toEndWith("\r\n\r\n0\r\n\r\nabc");
  expect(target.counts()).toMatchObject({ open: 1, idle: 0, tunnels: 1, answered: 0 });
});

test("our end is a FIN, behind which the target may still send; its end closes the tunnel", async () => {
  const { target, request, connection } = await tunnel();
  connection.socket.removeAllListeners("end");
  request.exchange.write(encode("last"));
  request.exchange.end();
  await until(() => connection.received.endsWith("last"));
  connection.socket.write("still here");
  await until(() => request.text === "still here");
  expect(request.isDone).toBe(false);
  connection.socket.end();
  await request.done;
  expect(request.failure).toBeUndefined();
  await until(() => target.counts().open === 0);
  expect(target.counts()).toMatchObject({ tunnels: 0, answered: 1, failed: 0 });
});

test("the target's end is a FIN, behind which we may still send; ours closes the tunnel", async () => {
  const { target, request, connection } = await tunnel();
  connection.socket.end("bye");
  await request.done;
  expect([request.text, request.exchange.isOver]).toEqual(["bye", false]);
  request.exchange.write(encode("still here"));
  await until(() => connection.received.endsWith("still here"));
  request.exchange.end();
  await until(() => target.counts().open === 0);
  await until(() => connection.ended);
  expect(target.counts()).toMatchObject({ tunnels: 0, answered: 1, failed: 0 });
});

test("a reset is a failure", async () => {
  const { target, request, connection } = await tunnel("hello");
  connection.socket.resetAndDestroy();
  const { failure, text } = await request.done;
  expect(text).toBe("hello");
  expect(failure).toMatchObject({ phase: "in-response", reason: "reset", isReused: false });
  expect(target.counts()).toMatchObject({ open: 0, tunnels: 0, failed: 1 });
});

test("one may be silent for as long as it likes", async () => {
  const raw = await bench.raw(({ socket }) => socket.write(SWITCH));
  const target = bench.target({ url: raw.url, responseHeadMs: 50, responseBodyMs: 50, keepMs: 50 });
  const request = send(target, UPGRADE, { isUpgrade: true });
  // As long as another request takes to be found late.
  const silent = bench.target({ url: (await bench.raw(() => {})).url, responseHeadMs: 400 });
  await send(silent).done;
  expect([request.events, target.counts().tunnels]).toEqual([["101"], 1]);
});

test("a stop waits for one, and ends it when its grace is over", async () => {
  const { target, request } = await tunnel();
  await target.stop({ graceMs: 30 });
  expect(request.failure).toMatchObject({ phase: "in-response", reason: "stopped" });
  expect(target.counts()).toMatchObject({ open: 0, tunnels: 0 });
});

test("an abort resets it, and it is counted no more", async () => {
  const { target, request, connection } = await tunnel();
  request.exchange.abort();
  await until(() => connection.socket.destroyed);
  expect(target.counts()).toMatchObject({ open: 0, tunnels: 0, aborted: 1, failed: 0, answered: 0 });
});

test("another answer than 101 to an upgrade is an answer as any other", async () => {
  const target = await bench.answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  const result = await send(target, UPGRADE, { isUpgrade: true }).done;
  expect([result.status, result.text, target.counts().idle]).toEqual([403, "no", 1]);
});

test("a slow reader of a tunnel slows the target", async () => {
  const { request, connection } = await tunnel();
  request.exchange.pause();
  connection.socket.write(new Uint8Array(32 * 1024 * 1024));
  await until(() => connection.socket.writableLength > 0);
  const got = request.bodyBytes;
  expect(got).toBeLessThan(1024 * 1024);
  request.exchange.resume();
  await until(() => request.bodyBytes === 32 * 1024 * 1024);
});

test("a caller may end it from within its first event", async () => {
  const raw = await bench.raw(({ socket }) => socket.write(SWITCH));
  const target = bench.target({ url: raw.url });
  const recorder = new Recorder();
  recorder.onEvent = (event) => event === "101" && recorder.exchange.end();
  recorder.exchange = target.send(recorder, blockOf(UPGRADE, { isUpgrade: true }));
  await recorder.done;
  expect(recorder.events).toEqual(["101", "end"]);
});

test("tunnels take no places of requests", async () => {
  const raw = await bench.raw(({ received, socket }) => {
    if (received === UPGRADE) socket.write(SWITCH);
  });
  const target = bench.target({ url: raw.url, maxConnections: 1 });
  const tunnels = [1, 2, 3].map(() => send(target, UPGRADE, { isUpgrade: true }));
  await until(() => tunnels.every(({ status }) => status === 101));
  expect(target.counts()).toMatchObject({ open: 3, tunnels: 3, waiting: 0 });
  expect(raw.connections.length).toBe(3);
});
