import { afterEach, describe, expect, test } from "bun:test";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { Http2Server, type Http2TargetOptions } from "../../../src/http/mod.ts";
import { listen } from "../../../src/net/mod.ts";
import { ErrorCode, FrameType } from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { concat } from "../../wire/support.ts";
import { type Recorder as Answer, GET, send } from "../client/support.ts";
import { answer, block, echoAll, encoder, frame, handle, Recorder, uint32 } from "./support.ts";
import { closeAll, closers, data, head, raw, targetOf } from "./target-support.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "net", "fixtures");
const CERT = join(FIXTURES, "localhost-cert.pem");
const POST =
  "POST /a?b HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nConnection: TE, X-B\r\nX-A: 1\r\nX-B: 2\r\nCookie: c=d\r\n\r\n";
afterEach(closeAll);

/** A target that is our own server. */
async function served(
  setUp: (recorder: Recorder) => void,
  options: Partial<Http2TargetOptions> = {},
  serverOptions = {},
) {
  const recorder = new Recorder();
  setUp(recorder);
  const http2 = new Http2Server(recorder, serverOptions);
  const server = await listen({ host: "127.0.0.1", halfOpen: true }, http2);
  closers.push(() => server.stop({ graceMs: 0 }));
  return { recorder, server, target: targetOf(`http://127.0.0.1:${server.port}`, options) };
}

describe("a request", () => {
  test("arrives with its fields, and without those of its connection", async () => {
    let seen = "";
    const { target } = await served((recorder) => {
      const { request } = recorder;
      recorder.request = (exchange, given, bytes) => {
        seen = Buffer.from(bytes.subarray(0, given.length === 0 ? 400 : given.length)).toString("latin1");
        request.call(recorder, exchange, given, bytes);
      };
    });
    const got = await send(target, POST).done;
    expect([got.status, got.text, got.fields["content-type"]]).toEqual([200, "you asked for /a?b", "text/plain"]);
    for (const line of [":method: POST", ":authority: a.example", "te: trailers", "x-a: 1", "cookie: c=d"])
      expect(seen).toContain(line);
    expect(seen).not.toContain("x-b");
    expect(got.exchange.bodyFraming).toBe("length");
  });

  test("finds the addresses of its host by the given lookup", async () => {
    const { server } = await served(() => {});
    const names: string[] = [];
    const lookup = async (name: string) => {
      names.push(name);
      return ["127.0.0.1"];
    };
    const got = await send(targetOf(`http://nas.example:${server.port}`, { lookup })).done;
    expect([got.status, names]).toEqual([200, ["nas.example"]]);
  });

  test("sends content and trailers, and gets those of the answer (gRPC)", async () => {
    const { target, recorder } = await served((each) => {
      echoAll(each);
      each.onEnd = (exchange) => each.endWithTrailers(exchange, "grpc-status: 0");
    });
    const got = send(target, POST, { framing: "chunked", isWhole: false });
    got.exchange.write(encoder.encode("one "));
    await until(() => got.text === "one ");
    got.exchange.write(encoder.encode("two"));
    got.exchange.end(encoder.encode("x-sum: 3\r\n"));
    expect(await got.done).toMatchObject({ text: "one two", trailers: { "grpc-status": "0" } });
    expect(recorder.events).toContain("bodyEnd x-sum: 3");
  });

  test("shares one connection with others, and those above the limit wait", async () => {
    const waiting: (() => void)[] = [];
    const { target, server } = await served(
      (recorder) => handle(recorder, (exchange, path) => void waiting.push(() => answer(exchange, path))),
      { maxConnections: 1 },
      { maxConcurrentStreams: 10 },
    );
    await (async () => {
      const first = send(target);
      await until(() => waiting.length === 1);
      waiting.shift()?.();
      await first.done;
    })();
    const all = Array.from({ length: 25 }, (_, index) => send(target, `GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`));
    await until(() => waiting.length === 10);
    expect(target.counts()).toMatchObject({ open: 1, waiting: 15, reused: 10 });
    while (all.some(({ isDone }) => !isDone)) {
      waiting.shift()?.();
      await new Promise(setImmediate);
    }
    expect(all.map(({ text }) => text)).toEqual(all.map((_, index) => `/${index}`));
    expect(server.counts().accepted).toBe(1);
  });

  test("of a megabyte goes and comes back whole, through windows of 64 KiB", async () => {
    const { target } = await served(
      echoAll,
      { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 },
      { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 },
    );
    const got = send(target, POST, { framing: "length", bodyLength: 1_000_000, isWhole: false });
    let sent = 0;
    const write = () => {
      for (; !got.exchange.full && sent < 1_000_000; sent += 50_000)
        got.exchange.write(new Uint8Array(50_000).fill(97));
      if (sent === 1_000_000) got.exchange.end();
    };
    got.onEvent = (event) => void (event === "drain" && write());
    write();
    const { bodyBytes, text, events } = await got.done;
    expect([bodyBytes, /^a*$/.test(text), events.includes("drain")]).toEqual([1_000_000, true, true]);
  });

  test("that is aborted resets its stream, and the connection goes on", async () => {
    const { target, recorder, server } = await served((each) =>
      handle(each, (exchange, path) => void (path === "/" || answer(exchange, path))),
    );
    const first = send(target);
    await until(() => recorder.exchanges.length === 1);
    first.exchange.abort();
    await until(() => recorder.events.includes("finished 0 client-gone"));
    expect((await send(target, POST).done).status).toBe(200);
    expect([server.counts().accepted, target.counts().aborted, first.isDone]).toEqual([1, 1, false]);
  });
});

test("an answer that is paused waits, and its sender with it", async () => {
  const { target, recorder } = await served(
    (each) =>
      handle(each, (exchange) => {
        exchange.begin(200);
        exchange.sendHead(-1);
        exchange.send(new Uint8Array(300_000));
        exchange.end();
      }),
    { streamWindowBytes: 65_535 },
  );
  const got = send(target);
  got.onEvent = (event) => void (event === "200" && got.exchange.pause());
  await until(() => recorder.exchanges[0]?.full === true && got.status === 200);
  expect(got.bodyBytes).toBe(0);
  got.exchange.resume();
  expect((await got.done).bodyBytes).toBe(300_000);
});

test.each([
  ["while they are paused", "200"],
  ["while their content is passed on", "body"],
])("answers that are aborted %s leave the connection's window to others", async (_, when) => {
  const { target, server } = await served(
    (each) =>
      handle(each, (exchange, path) => {
        exchange.begin(200);
        exchange.sendHead(-1);
        exchange.send(new Uint8Array(30_000));
        if (path !== "/") exchange.end();
      }),
    { connectionWindowBytes: 100_000 },
  );
  for (let count = 0; count < 20; count++) {
    const aborted = send(target);
    aborted.onEvent = (event) => {
      if (event === when) when === "200" ? aborted.exchange.pause() : aborted.exchange.abort();
    };
    // Its content comes behind that of the other.
    expect((await send(target, POST).done).bodyBytes).toBe(30_000);
    aborted.exchange.abort();
  }
  expect([server.counts().accepted, target.counts().aborted]).toEqual([1, 20]);
});

test("an answer that is whole is passed on, although the connection ended meanwhile", async () => {
  const { target, sockets } = await raw((socket, count) => {
    if (count === 0) socket.write(concat(head(1, [":status: 200"]), data(1, "all of it", true)));
  });
  const got = send(target);
  got.onEvent = (event) => void (event === "200" && got.exchange.pause());
  await until(() => got.status === 200);
  sockets[0]?.end();
  await until(() => target.counts().open === 0);
  expect(got.events).toEqual(["200"]);
  got.exchange.resume();
  expect(await got.done).toMatchObject({ text: "all of it", failure: undefined });
});

test.each(["200", "body", "end"])("an event that throws (%s) ends its own request, and no other", async (event) => {
  const { target, server } = await served((each) =>
    handle(each, (exchange) => setImmediate(() => answer(exchange, "x"))),
  );
  const [bad, good] = [send(target), send(target)];
  bad.onEvent = (each) => {
    if (each === event) throw new Error("as intended");
  };
  expect((await good.done).text).toBe("x");
  await until(() => target.counts().answered + target.counts().failed === 2);
  expect(target.counts().byReason["handler-error"]).toBe(event === "end" ? 0 : 1);
  expect(server.counts().accepted).toBe(1);
});

describe("a target of another make", () => {
  test("node:http2 answers, with interim heads and trailers", async () => {
    const server = createHttp2Server();
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.respond({ ":status": 200, "x-a": "b" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end("hello");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    closers.push(() => server.close());
    const target = targetOf(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
    for (let count = 0; count < 3; count++) {
      const got = await send(target).done;
      expect(got).toMatchObject({ status: 200, text: "hello", trailers: { "grpc-status": "0" } });
    }
    await target.stop();
  });

  test("is asked for h2 by ALPN", async () => {
    const tls = { cert: CERT, key: join(FIXTURES, "localhost-key.pem"), alpn: ["h2"] };
    const server = await listen({ host: "127.0.0.1", halfOpen: true, tls }, new Http2Server(new Recorder()));
    closers.push(() => server.stop({ graceMs: 0 }));
    const target = targetOf(`https://localhost:${server.port}`, { tls: { ca: CERT } });
    expect((await send(target).done).text).toBe("you asked for /");
  });
});

describe("a failure", () => {
  const OK = [":status: 200"];
  test.each([
    ["a reset", [frame(FrameType.rstStream, 0, 1, uint32(ErrorCode.internalError))], "reset", false],
    [
      "a refused stream, which may be sent again",
      [frame(FrameType.rstStream, 0, 1, uint32(ErrorCode.refusedStream))],
      "reset",
      true,
    ],
    ["a GOAWAY before it, which may be sent again", [frame(FrameType.goAway, 0, 0, uint32(0, 0))], "closed", true],
    ["no status", [head(1, ["a: b"], true)], "bad-response", false],
    ["a status that is none", [head(1, [":status: 2000"], true)], "bad-response", false],
    ["status 101", [head(1, [":status: 101"], true)], "bad-response", false],
    ["a field of the connection", [head(1, [...OK, "connection: close"], true)], "bad-response", false],
    ["a name with a capital letter", [head(1, [...OK, "X-A: b"], true)], "bad-response", false],
    ["two lengths", [head(1, [...OK, "content-length: 1", "content-length: 1"])], "bad-response", false],
    [
      "content shorter than its length",
      [head(1, [...OK, "content-length: 3"]), data(1, "ab", true)],
      "bad-response",
      false,
    ],
    ["content longer than its length", [head(1, [...OK, "content-length: 1"]), data(1, "ab")], "bad-response", false],
    ["content before the head", [data(1, "ab")], "bad-response", false],
    ["content with 204", [head(1, [":status: 204"]), data(1, "ab")], "bad-response", false],
    ["too many interim answers", Array.from({ length: 40 }, () => head(1, [":status: 103"])), "bad-response", false],
    ["trailers with a pseudo-field", [head(1, OK), head(1, OK, true)], "bad-response", false],
    ["a push", [frame(FrameType.pushPromise, 4, 1, concat(uint32(2), block(OK)))], "bad-response", false],
    [
      "a field block that cannot be decoded",
      [frame(FrameType.headers, 4, 1, new Uint8Array([0xff]))],
      "bad-response",
      false,
    ],
    [
      "a flood of PING",
      Array.from({ length: 400 }, () => frame(FrameType.ping, 0, 0, new Uint8Array(8))),
      "bad-response",
      false,
    ],
    [
      "a flood of empty DATA",
      [head(1, OK), ...Array.from({ length: 3000 }, () => frame(FrameType.data, 0, 1))],
      "bad-response",
      false,
    ],
    ["HTTP/1.1", [encoder.encode("HTTP/1.1 400 Bad Request\r\n\r\n")], "bad-response", false],
  ])("is told: %s", async (_, frames, reason, mayRetry) => {
    const { target } = await raw((socket, count) => void (count === 0 && socket.write(concat(...frames))));
    const got = await send(target).done;
    expect(got.failure).toMatchObject({ reason: reason as never, isReused: false, isUnprocessed: mayRetry });
    expect([got.looksWhole, target.counts().failed]).toEqual([false, 1]);
  });

  test("a connection that ends fails all its requests; those whose answer has begun in the middle of it", async () => {
    const { target } = await raw((socket, count) => {
      if (count === 0) socket.write(head(1, [":status: 200"]));
      else if (count > 0) socket.end();
    });
    const first = send(target);
    await until(() => first.status === 200);
    const second = send(target);
    const failures: (Answer["failure"] | undefined)[] = [(await first.done).failure, (await second.done).failure];
    expect(failures.map((failure) => failure?.phase)).toEqual(["in-response", "before-response"]);
  });

  test("no answer in time is a timeout, and nobody there a failed connect", async () => {
    const { target } = await raw(() => {}, { responseHeadMs: 100 });
    expect((await send(target).done).failure).toMatchObject({ reason: "response-timeout", isTimeout: true });
    const nobody = targetOf("http://127.0.0.1:1");
    expect((await send(nobody).done).failure).toMatchObject({ phase: "connect", reason: "connect" });
  });
});

test.each([
  ["prefers HTTP/1.1", ["http/1.1"]],
  ["knows no ALPN", undefined],
])("a target that %s is said not to speak HTTP/2", async (_, alpn) => {
  const tls = { cert: CERT, key: join(FIXTURES, "localhost-key.pem"), ...(alpn && { alpn }) };
  const server = await listen({ host: "127.0.0.1", halfOpen: true, tls }, {});
  closers.push(() => server.stop({ graceMs: 0 }));
  const target = targetOf(`https://localhost:${server.port}`, { tls: { ca: CERT } });
  expect((await send(target).done).failure).toMatchObject({ phase: "connect", reason: "not-http2" });
  await target.stop();
});

test("connections that a target leaves, with requests that go on, count no longer as its connections", async () => {
  const { target, sockets } = await raw(
    (socket, count) => {
      if (count === 0) socket.write(concat(head(1, [":status: 200"]), frame(FrameType.goAway, 0, 0, uint32(1, 0))));
    },
    { maxConnections: 1 },
  );
  for (let count = 1; count <= 5; count++) {
    const got = send(target);
    await until(() => got.status === 200);
    expect([sockets.length, got.isDone]).toEqual([count, false]);
  }
});

test("a stop waits for what is under way, and takes nothing new", async () => {
  const { target, recorder } = await served((each) => handle(each, () => {}));
  const got = send(target);
  await until(() => recorder.exchanges.length === 1);
  const stopped = target.stop({ graceMs: 4000 });
  expect((await send(target).done).failure?.reason).toBe("stopped");
  answer(recorder.exchanges[0]!, "last");
  expect((await got.done).text).toBe("last");
  await stopped;
  expect(target.counts()).toMatchObject({ open: 0, waiting: 0 });
});

test("a request too many or too large fails after send, and no part of it looks whole", async () => {
  const { target, recorder } = await served((each) => handle(each, () => {}), { maxQueuedBytes: 100_000 });
  const large = send(target, POST, { framing: "chunked", isWhole: false });
  await until(() => recorder.exchanges.length === 1);
  large.exchange.write(new Uint8Array(1_000_000));
  large.exchange.end();
  expect(large.isDone).toBe(false);
  expect((await large.done).failure?.reason).toBe("request-overflow");
  await until(() => recorder.events.some((event) => event === "finished 0 client-gone"));
  expect(recorder.events).not.toContain("bodyEnd");
  const noHead = send(target, "GET / HTTP/1.1\r\n\r\n");
  expect(noHead.isDone).toBe(false);
  expect((await noHead.done).failure?.reason).toBe("request-overflow");
});

test("a request that HTTP/2 cannot carry is refused", () => {
  const target = targetOf("http://127.0.0.1:1");
  expect(() => send(target, GET, { isUpgrade: true })).toThrow("another protocol");
  expect(() => send(target, GET, { framing: "carried", isWhole: false })).toThrow("chunks");
});
