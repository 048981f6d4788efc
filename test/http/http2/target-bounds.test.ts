/** Bounds that a target's client keeps, whatever the target allows or sends. */
import { afterEach, expect, test } from "bun:test";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Http2TargetOptions } from "../../../src/http/mod.ts";
import { FrameFlag, FrameType, frameLength } from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { concat } from "../../wire/support.ts";
import { send } from "../client/support.ts";
import { frame } from "./support.ts";
import { closeAll, closers, head, raw, targetOf } from "./target-support.ts";

afterEach(closeAll);

/** Finds HEADERS among what a client sends. */
class Requests {
  readonly ids: number[] = [];
  #kept = Buffer.alloc(0);
  #isBegun = false;

  read(bytes: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, bytes]);
    if (!this.#isBegun) this.#kept = this.#kept.subarray(24);
    this.#isBegun = true;
    while (this.#kept.length >= 9 && this.#kept.length >= 9 + frameLength(this.#kept, 0)) {
      if (this.#kept[3] === FrameType.headers) this.ids.push(this.#kept.readUInt32BE(5));
      this.#kept = this.#kept.subarray(9 + frameLength(this.#kept, 0));
    }
  }
}

/** A target that says nothing but its greeting, until it is told to. */
async function silent(options: Partial<Http2TargetOptions>, greeting = frame(FrameType.settings, 0, 0)) {
  const requests = new Requests();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => requests.read(bytes));
    socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const target = targetOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  return { requests, target, write: (bytes: Uint8Array) => void sockets[0]?.write(bytes) };
}

test("no more streams are open on a connection than maxStreams", async () => {
  const { requests, target, write } = await silent({ maxConnections: 1, maxStreams: 2 });
  const sent = [send(target), send(target), send(target), send(target)];
  for (let answered = 0; answered < 4; answered++) {
    await until(() => requests.ids.length > answered);
    expect(requests.ids.length - answered).toBeLessThanOrEqual(2);
    write(head(requests.ids[answered]!, [":status: 204"], true));
    await until(() => sent.filter(({ isDone }) => isDone).length === answered + 1);
  }
});

test("before a target's SETTINGS no more than 100 streams are opened", async () => {
  const { requests, target, write } = await silent({ maxConnections: 1 }, new Uint8Array(0));
  const sent = Array.from({ length: 150 }, () => send(target));
  await until(() => requests.ids.length >= 100);
  expect([requests.ids.length, target.counts().waiting]).toEqual([100, 50]);
  write(frame(FrameType.settings, 0, 0));
  await until(() => requests.ids.length === 150);
  for (const id of requests.ids) write(head(id, [":status: 204"], true));
  await Promise.all(sent.map(({ done }) => done));
});

test("a request of more fields than maxFields fails, and its connection goes on", async () => {
  const { target } = await raw((socket, count) => void (count < 3 && socket.write(head(1, [":status: 204"], true))));
  const tooMany = `GET / HTTP/1.1\r\nHost: a\r\n${"X: y\r\n".repeat(256)}\r\n`;
  expect((await send(target, tooMany).done).failure?.reason).toBe("request-overflow");
  expect(await send(target).done).toMatchObject({ status: 204, failure: undefined });
});

const OK = [":status: 200"];
/** So many frames of 16 000 bytes. */
const content = (streamId: number, frames: number) =>
  concat(...new Array<Uint8Array>(frames).fill(frame(FrameType.data, 0, streamId, new Uint8Array(16_000))));

test.each([
  ["an answer that is paused", { streamWindowBytes: 70_000 }, [[1, 5]]],
  [
    "answers that are paused",
    { connectionWindowBytes: 70_000 },
    [
      [1, 3],
      [3, 3],
    ],
  ],
] as const)("no more content is kept of %s than the window: more is an error", async (_, options, answers) => {
  const { requests, target, write } = await silent({ maxConnections: 1, ...options });
  const sent = answers.map(() => send(target));
  for (const each of sent) each.onEvent = (event) => event === "200" && each.exchange.pause();
  await until(() => requests.ids.length === answers.length);
  for (const [id, frames] of answers) write(concat(head(id, OK), content(id, frames)));
  await until(() => sent.every(({ isDone }) => isDone));
  expect(sent.map(({ failure }) => failure?.reason)).toEqual(answers.map(() => "bad-response"));
});

test("padding of answers that were aborted is given back too", async () => {
  const { requests, target, write } = await silent({ maxConnections: 1, connectionWindowBytes: 70_000 });
  const aborted = send(target);
  await until(() => requests.ids.length === 1);
  aborted.exchange.abort();
  const next = send(target);
  await until(() => requests.ids.length === 2);
  const padded = frame(FrameType.data, FrameFlag.padded, 1, concat(Uint8Array.of(255), new Uint8Array(256)));
  write(concat(head(1, OK), ...new Array<Uint8Array>(400).fill(padded), head(3, [":status: 204"], true)));
  expect(await next.done).toMatchObject({ status: 204, failure: undefined });
});
