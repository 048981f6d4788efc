import { afterEach, describe, expect, test } from "bun:test";
import { until } from "../../net/support.ts";
import { Bench, blockOf, Recorder, send } from "./support.ts";

const bench = new Bench();
afterEach(() => bench.close());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const POST = "POST / HTTP/1.1\r\nHost: a\r\n";
const encode = (text: string) => new TextEncoder().encode(text);

/** A target that answers once it has got as much as this ends with. */
async function answersAfter(end: string) {
  const raw = await bench.raw((connection) => {
    if (!connection.received.endsWith(end)) return;
    connection.socket.write(ANSWER);
  });
  return { raw, target: bench.target({ url: raw.url }) };
}

describe("the body of a request", () => {
  test("of a known length leaves as it is written, its beginning with the head", async () => {
    const { raw, target } = await answersAfter("-end");
    const head = `${POST}Content-Length: 10\r\n\r\n`;
    const more = { framing: "length", bodyLength: 10, bodyBytes: 3, isWhole: false } as const;
    const request = send(target, `${head}one`, more);
    request.exchange.write(encode("two"));
    request.exchange.write(encode("-end"));
    request.exchange.end();
    expect((await request.done).text).toBe("hi");
    expect(raw.connections[0]!.received).toBe(`${head}onetwo-end`);
    expect(target.counts()).toMatchObject({ idle: 1, answered: 1 });
  });

  test("of unknown length leaves as chunks, with trailers", async () => {
    const { raw, target } = await answersAfter("\r\n\r\n");
    const head = `${POST}Transfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n`;
    const large = "x".repeat(20_000);
    raw.connections.length = 0;
    const request = send(target, head, { framing: "chunked", isWhole: false });
    request.exchange.write(encode("hello"));
    request.exchange.write(encode(""));
    request.exchange.write(encode(large));
    request.exchange.end(encode("Digest: abc\r\n"));
    await until(() => raw.connections[0]?.received.endsWith("Digest: abc\r\n\r\n") === true);
    const chunks = `5\r\nhello\r\n4e20\r\n${large}\r\n0\r\nDigest: abc\r\n\r\n`;
    expect(raw.connections[0]!.received).toBe(head + chunks);
  });

  test("that is chunked already is carried as it is", async () => {
    const { raw, target } = await answersAfter("0\r\n\r\n");
    const head = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
    const request = send(target, head, { framing: "carried", isWhole: false });
    request.exchange.write(encode("5;a=b\r\nhello\r\n"));
    request.exchange.write(encode("0\r\n\r\n"));
    request.exchange.end();
    expect((await request.done).text).toBe("hi");
    expect(raw.connections[0]!.received).toBe(`${head}5;a=b\r\nhello\r\n0\r\n\r\n`);
  });

  test("that is written while the connection is being opened arrives in order", async () => {
    const { raw, target } = await answersAfter("9");
    const request = send(target, `${POST}Content-Length: 10\r\n\r\n`, {
      framing: "length",
      bodyLength: 10,
      isWhole: false,
    });
    const bytes = new Uint8Array(1);
    for (let digit = 0; digit < 10; digit++) {
      bytes[0] = 0x30 + digit;
      request.exchange.write(bytes);
    }
    request.exchange.end();
    await request.done;
    expect(raw.connections[0]!.received).toEndWith("0123456789");
  });

  test.each<[name: string, call: (request: Recorder) => void]>([
    ["more than its length", ({ exchange }) => exchange.write(encode("hello!"))],
    ["an end before its length", ({ exchange }) => exchange.end()],
    [
      "more behind its end",
      ({ exchange }) => {
        exchange.write(encode("hello"));
        exchange.end();
        exchange.write(encode("!"));
      },
    ],
  ])("is refused loudly where it would shift what follows: %s", async (_, call) => {
    const { target } = await answersAfter("never");
    const more = { framing: "length", bodyLength: 5, isWhole: false } as const;
    expect(() => call(send(target, `${POST}Content-Length: 5\r\n\r\n`, more))).toThrow("Cannot write a request");
  });

  test.each([
    { framing: "none", isWhole: false },
    { framing: "none", bodyBytes: 1 },
    { framing: "length", bodyLength: 3, bodyBytes: 4 },
    { framing: "length", bodyLength: 5, bodyBytes: 4 },
    { framing: "chunked", isWhole: true },
    { framing: "chunked", isWhole: false, bodyBytes: 1 },
  ] as const)("a block that contradicts itself is refused: %j", async (more) => {
    const { target } = await answersAfter("never");
    expect(() => send(target, POST, more)).toThrow("Cannot write a request");
    expect(target.counts()).toMatchObject({ requests: 0, opening: 0 });
  });
});

describe("a target that takes a request slowly", () => {
  const LENGTH = 64 * 1024 * 1024;
  const HEAD = `${POST}Content-Length: ${LENGTH}\r\n\r\n`;

  test("slows its sender: full, then drain, and all of it arrives", async () => {
    let got = 0;
    const raw = await bench.raw(() => {});
    const target = bench.target({ url: raw.url });
    const request = send(target, HEAD, { framing: "length", bodyLength: LENGTH, isWhole: false });
    // The head is read by then: what is counted below is the body.
    await until(() => raw.connections[0]?.received.length === HEAD.length);
    const { socket } = raw.connections[0]!;
    socket.removeAllListeners("data");
    socket.pause();
    const chunk = new Uint8Array(65_536);
    let written = 0;
    const write = () => {
      while (!request.exchange.full && written < LENGTH) {
        request.exchange.write(chunk);
        written += chunk.length;
      }
      if (written === LENGTH) request.exchange.end();
    };
    request.onEvent = (event) => event === "drain" && write();
    write();
    expect(request.exchange.full).toBe(true);
    expect(written).toBeLessThan(LENGTH);
    socket.on("data", (bytes) => {
      got += bytes.length;
      if (got === LENGTH) socket.write(ANSWER);
    });
    socket.resume();
    expect((await request.done).text).toBe("hi");
    expect(written).toBe(LENGTH);
    expect(target.counts()).toMatchObject({ idle: 1, answered: 1, failed: 0 });
  });

  test.each(["before", "after"])("ends a sender that does not wait, %s there is a connection", async (when) => {
    const raw = await bench.raw(() => {});
    const target = bench.target({ url: raw.url });
    const request = send(target, HEAD, { framing: "length", bodyLength: LENGTH, isWhole: false });
    if (when === "after") {
      await until(() => raw.connections.length === 1);
      raw.connections[0]!.socket.pause();
    }
    const chunk = new Uint8Array(1024 * 1024);
    for (let count = 0; count < 32; count++) request.exchange.write(chunk);
    expect((await request.done).failure?.reason).toBe("request-overflow");
    expect(target.counts()).toMatchObject({ waiting: 0, failed: 1 });
  });
});

describe("an answer that comes before the request is complete", () => {
  const LENGTH = 1_000_000;
  const HEAD = `${POST}Content-Length: ${LENGTH}\r\n\r\n`;
  const TOO_LARGE = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch";

  test("is delivered, and its connection not used again", async () => {
    const raw = await bench.raw(({ socket, received }) => {
      if (received.length < HEAD.length + 10) socket.write(TOO_LARGE);
    });
    const target = bench.target({ url: raw.url });
    const request = send(target, HEAD, { framing: "length", bodyLength: LENGTH, isWhole: false });
    const { status, text, exchange } = await request.done;
    expect([status, text, exchange.isWhole]).toEqual([413, "much", false]);
    exchange.write(new Uint8Array(1000));
    exchange.end();
    expect(target.counts()).toMatchObject({ open: 0, idle: 0, answered: 1, failed: 0 });
  });

  test("is delivered although the target resets the rest of the request", async () => {
    const raw = await bench.raw(({ socket }) => {
      socket.pause();
      socket.write(TOO_LARGE, () => socket.resetAndDestroy());
    });
    const target = bench.target({ url: raw.url });
    const chunk = new Uint8Array(50_000);
    for (let round = 0; round < 50; round++) {
      const request = send(target, HEAD, { framing: "length", bodyLength: LENGTH, isWhole: false });
      // The sender goes on without looking, as one whose client sends on does.
      for (let count = 0; count < 20 && !request.isDone; count++) {
        if (!request.exchange.full) request.exchange.write(chunk);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { status, text } = await request.done;
      expect([round, status, text]).toEqual([round, 413, "much"]);
    }
  });
});

test("an answer that only the close would end is not whole when the target resets during the request", async () => {
  const raw = await bench.raw(({ socket }) => {
    socket.pause();
    socket.write("HTTP/1.1 200 OK\r\n\r\nhalf of it", () => socket.resetAndDestroy());
  });
  const target = bench.target({ url: raw.url });
  const length = { framing: "length", bodyLength: 10_000_000, isWhole: false } as const;
  for (let round = 0; round < 20; round++) {
    const request = send(target, `${POST}Content-Length: 10000000\r\n\r\n`, length);
    while (!request.isDone) {
      if (!request.exchange.full) request.exchange.write(new Uint8Array(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([request.looksWhole, request.failure?.reason]).toEqual([false, "reset"]);
  }
});

test("abort resets the connection, and no event comes any more", async () => {
  const raw = await bench.raw(({ socket }) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"));
  const target = bench.target({ url: raw.url });
  const request = send(target);
  await until(() => request.events.includes("body"));
  request.exchange.abort();
  await until(() => raw.connections[0]!.socket.destroyed);
  expect(request.events).toEqual(["200", "body"]);
  expect(target.counts()).toMatchObject({ open: 0, aborted: 1, failed: 0, answered: 0 });
});

test("a caller that aborts within any event hears no other", async () => {
  const answer =
    "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
  const target = await bench.answering(answer);
  for (const [last, heard] of Object.entries({ 103: ["103"], 200: ["103", "200"], body: ["103", "200", "body"] })) {
    const recorder = new Recorder();
    recorder.onEvent = (event) => event === last && recorder.exchange.abort();
    recorder.exchange = target.send(recorder, blockOf("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    await until(() => target.counts().open === 0 && target.counts().opening === 0);
    expect(recorder.events).toEqual(heard);
  }
  expect(target.counts()).toMatchObject({ aborted: 3, answered: 0, failed: 0 });
});

test("pause slows the target, and resume brings the rest", async () => {
  const LENGTH = 32 * 1024 * 1024;
  const raw = await bench.raw(({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LENGTH}\r\n\r\n`);
    socket.write(new Uint8Array(LENGTH));
  });
  const target = bench.target({ url: raw.url });
  const request = send(target);
  request.onEvent = (event) => event === "200" && request.exchange.pause();
  await until(() => request.status === 200);
  await until(() => raw.connections[0]!.socket.writableLength > 0);
  const paused = request.bodyBytes;
  expect(paused).toBeLessThan(1024 * 1024);
  request.exchange.resume();
  await request.done;
  expect(request.bodyBytes).toBe(LENGTH);
  expect(target.counts()).toMatchObject({ idle: 1, answered: 1 });
});
