import { describe, expect, test } from "bun:test";
import type { Exchange } from "../../../src/http/exchange.ts";
import { fieldLine } from "../../../src/wire/http1/mod.ts";
import { ErrorCode, FrameType } from "../../../src/wire/http2/mod.ts";
import { until } from "../../net/support.ts";
import { answer, echoAll, encoder, frame, get, handle, post, request, serve } from "./support.ts";

describe("an answer", () => {
  test("has its fields in lower case, a Date, its length, and ends with its content", async () => {
    await using served = await serve();
    const client = served.connect();
    client.request(1, get("/x"));
    const { head, content } = await client.answer(1);
    expect(content).toBe("you asked for /x");
    expect(head.slice(0, 2)).toEqual([":status: 200", "content-type: text/plain"]);
    expect(
      head
        .slice(2)
        .map((line) => line.replace(/: .*/, ""))
        .sort(),
    ).toEqual(["content-length", "date"]);
    // The end is in the last frame of content, not in one of its own.
    expect(client.of(FrameType.data)).toHaveLength(1);
    expect(served.recorder.events).toEqual(["request GET /x", "finished 200 answered"]);
    const [exchange] = served.recorder.exchanges;
    expect([exchange?.protocol, exchange?.responseBodyBytes, exchange?.requestBodyBytes]).toEqual(["HTTP/2.0", 16, 0]);
    expect(exchange!.endedMs).toBeGreaterThanOrEqual(exchange!.startedMs);
  });

  test.each([
    ["to HEAD", [":method: HEAD", ...get().slice(1)], 200, 5],
    ["of status 204", get(), 204, 0],
    ["of status 304", get(), 304, 5],
  ])("%s has no content", async (_, lines, status, length) => {
    await using served = await serve({}, (recorder) =>
      handle(recorder, (exchange) => {
        exchange.begin(status);
        exchange.sendHead(length, encoder.encode("hello".slice(0, length)));
        exchange.end();
      }),
    );
    const client = served.connect();
    client.request(1, lines);
    const { head, content } = await client.answer(1);
    expect([content, head[0], client.of(FrameType.data).length]).toEqual(["", `:status: ${status}`, 0]);
    expect(head.includes("content-length: 5")).toBe(length === 5);
  });

  test("passes on fields of a target, but none of its connection", async () => {
    const target = [
      fieldLine("Connection", "close"),
      fieldLine("Keep-Alive", "timeout=5"),
      fieldLine("Transfer-Encoding", "chunked"),
      fieldLine("Date", "Mon, 21 Oct 2013 20:13:21 GMT"),
      fieldLine("X-A", "b"),
    ];
    await using served = await serve({}, (recorder) =>
      handle(recorder, (exchange) => {
        const writer = exchange.begin(203);
        for (const line of target) writer.line(line);
        writer.field("X-C", "d");
        exchange.sendHead(-1);
        exchange.end();
      }),
    );
    const client = served.connect();
    client.request(1, get());
    expect((await client.answer(1)).head).toEqual([
      ":status: 203",
      "date: Mon, 21 Oct 2013 20:13:21 GMT",
      "x-a: b",
      "x-c: d",
    ]);
  });

  test("with a head longer than a frame goes on in CONTINUATION; longer than the limit it is a 502", async () => {
    await using served = await serve({ maxAnswerHeadBytes: 60_000 }, (recorder) =>
      handle(recorder, (exchange, target) => {
        const writer = exchange.begin(200);
        for (let count = 0; count < Number(target.slice(1)); count++) writer.field(`x-${count}`, "~".repeat(1000));
        exchange.sendHead(0);
        exchange.end();
      }),
    );
    const client = served.connect();
    client.request(1, get("/40"));
    expect((await client.answer(1)).head).toHaveLength(43);
    expect(client.of(FrameType.continuation).length).toBeGreaterThan(1);
    client.request(3, get("/100"));
    expect((await client.answer(3)).head[0]).toBe(":status: 502");
    // The tables are the same all the same.
    client.request(5, get("/1"));
    expect((await client.answer(5)).head.some((line) => line.startsWith("x-0: ~"))).toBe(true);
  });

  test("that is shorter or longer than announced is reset", async () => {
    await using served = await serve({}, (recorder) =>
      handle(recorder, (exchange, target) => {
        exchange.begin(200);
        exchange.sendHead(3, encoder.encode(target.slice(1)));
        exchange.end();
      }),
    );
    const client = served.connect();
    for (const [index, path] of ["/ab", "/abcd"].entries()) {
      client.request(2 * index + 1, get(path));
      expect(await client.reset(2 * index + 1)).toBe(ErrorCode.internalError);
    }
    expect(served.recorder.events.filter((event) => event === "finished 200 aborted")).toHaveLength(2);
  });

  test("may have interim ones before it", async () => {
    await using served = await serve({}, (recorder) =>
      handle(recorder, (exchange) => {
        recorder.interim(exchange, 103);
        answer(exchange, "x");
      }),
    );
    const client = served.connect();
    client.request(1, get());
    await client.answer(1);
    expect([client.head(1, 0)?.[0], client.head(1, 1)?.[0]]).toEqual([":status: 103", ":status: 200"]);
  });

  test("of a handler that throws is a 500, and other streams go on", async () => {
    await using served = await serve({}, (recorder) => {
      const { onRequest } = recorder;
      handle(recorder, (exchange, target) => {
        if (target === "/throws") throw new Error("as intended");
        onRequest(exchange, target);
      });
    });
    const client = served.connect();
    client.write(request(1, get("/throws")), request(3, get("/x")));
    expect((await client.answer(1)).head[0]).toBe(":status: 500");
    expect((await client.answer(3)).content).toBe("you asked for /x");
    expect(served.recorder.events).toContain("finished 500 failed");
  });
});

test("all answers of one turn leave in one write", async () => {
  await using served = await serve({}, (recorder) => {
    const waiting: Exchange[] = [];
    handle(recorder, (exchange) => {
      if (waiting.push(exchange) < 50) return;
      setImmediate(() => {
        for (const each of waiting) answer(each, "x");
      });
    });
  });
  const client = served.connect();
  await client.ping();
  const writes = served.server.counts().writes;
  client.write(...Array.from({ length: 50 }, (_, index) => request(2 * index + 1, get())));
  await client.answer(99);
  expect(client.heads).toHaveLength(50);
  expect(served.server.counts().writes - writes).toBe(1);
});

describe("extended CONNECT (RFC 8441)", () => {
  const connect = [":method: CONNECT", ":protocol: websocket", ":scheme: https", ":path: /ws", ":authority: a.example"];

  test("opens a tunnel: bytes both ways, and each side ends by itself", async () => {
    await using served = await serve({}, (recorder) => {
      echoAll(recorder);
      handle(recorder, (exchange) => {
        const writer = exchange.begin(101);
        writer.line(fieldLine("Sec-WebSocket-Accept", "x"));
        writer.line(fieldLine("Sec-WebSocket-Protocol", "chat"));
        exchange.sendHead(-3);
        exchange.tunnel();
      });
      recorder.onEnd = (exchange) => {
        exchange.send(encoder.encode("bye"));
        exchange.end();
      };
    });
    const client = served.connect();
    client.request(1, connect, false);
    client.data(1, "hello ");
    await until(() => client.content(1) === "hello ");
    expect(client.head(1)?.filter((line) => !line.startsWith("date"))).toEqual([
      ":status: 200",
      "sec-websocket-protocol: chat",
    ]);
    expect(served.recorder.exchanges[0]!.upgrade).toBe("websocket");
    client.data(1, "", true);
    expect((await client.answer(1)).content).toBe("hello bye");
    expect(served.recorder.events.at(-1)).toBe("finished 200 answered");
  });

  test("that is refused is an ordinary answer, and what came for the tunnel is dropped", async () => {
    await using served = await serve({}, (recorder) => handle(recorder, (exchange) => answer(exchange, "no", 403)));
    const client = served.connect();
    client.write(request(1, connect, false), frame(FrameType.data, 0, 1, encoder.encode("x")));
    expect((await client.answer(1)).head[0]).toBe(":status: 403");
    expect(served.recorder.events).toEqual(["request CONNECT /ws", "finished 403 answered"]);
  });

  test("is announced, and other CONNECT is not served", async () => {
    await using served = await serve();
    const client = served.connect();
    await until(() => client.of(FrameType.settings).length > 0);
    const { payload } = client.of(FrameType.settings)[0]!;
    expect(Array.from({ length: payload.length / 6 }, (_, index) => payload[index * 6 + 1])).toEqual([3, 4, 6, 8]);
    client.request(1, [":method: CONNECT", ":authority: a.example:443"], false);
    expect((await client.answer(1)).head[0]).toBe(":status: 501");
  });
});

describe("what is answered without the handler:", () => {
  test.each([
    ["another Host than the authority", get("/", "host: b.example"), 400],
    ["two lengths", post("/", "content-length: 1", "content-length: 1"), 400],
    ["too many fields", get("/", ...new Array(130).fill("a: b")), 431],
    ["a long target", get(`/${"a".repeat(9000)}`), 414],
    ["OPTIONS for the server", [":method: OPTIONS", ":scheme: http", ":path: *", ":authority: a"], 204],
  ])("%s", async (_, lines, status) => {
    await using served = await serve();
    const client = served.connect();
    client.request(1, lines);
    expect((await client.answer(1)).head[0]).toBe(`:status: ${status}`);
    expect(served.recorder.events[0]).toStartWith(`answeredItself ${status}`);
  });

  test.each([
    ["a name with a capital letter", get("/", "X-A: b")],
    ["a field of the connection", get("/", "keep-alive: 1")],
    ["no path", get().toSpliced(2, 1)],
  ])("%s is reset", async (_, lines) => {
    await using served = await serve();
    const client = served.connect();
    client.request(1, lines);
    expect(await client.reset(1)).toBe(ErrorCode.protocolError);
    expect(served.recorder.events).toEqual([]);
  });
});

describe("a stop", () => {
  test("tells the client, lets what is in progress finish, and takes nothing new", async () => {
    await using served = await serve({}, (recorder) => handle(recorder, () => {}));
    const client = served.connect();
    client.request(1, get());
    await client.ping();
    const stopped = served.server.stop({ graceMs: 4000 });
    expect(await client.goAway()).toBe(ErrorCode.noError);
    expect(new DataView(client.of(FrameType.goAway)[0]!.payload.buffer).getUint32(0)).toBe(1);
    client.request(3, get());
    await client.ping();
    expect(served.recorder.exchanges).toHaveLength(1);
    answer(served.recorder.exchanges[0]!, "last");
    expect((await client.answer(1)).content).toBe("last");
    await stopped;
    await until(() => client.closed);
  });

  test("ends a connection without requests at once", async () => {
    await using served = await serve();
    const client = served.connect();
    await client.ping();
    await served.server.stop({ graceMs: 4000 });
    expect(await client.goAway()).toBe(ErrorCode.noError);
  });
});

test("a client that goes ends its exchanges, once each", async () => {
  await using served = await serve({}, (recorder) => handle(recorder, () => {}));
  const client = served.connect();
  client.write(request(1, get()), request(3, post(), false));
  await client.ping();
  client.socket.destroy();
  await until(() => served.recorder.events.filter((event) => event === "finished 0 client-gone").length === 2);
});

test("an option that makes no sense is refused", () => {
  expect(serve({ maxConcurrentStreams: 0 })).rejects.toThrow("maxConcurrentStreams");
});
