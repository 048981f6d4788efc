import { afterEach, expect, test } from "bun:test";
import { type CloseReason, type Connection, type Handler, listen, type Server } from "../../src/net/mod.ts";
import { fixed, lengthPrefixed, lines } from "../../src/wire/mod.ts";
import { Client, until } from "./support.ts";

let server: Server | undefined;
afterEach(async () => {
  await server?.stop({ graceMs: 0 });
});

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
async function serve(handler: Handler): Promise<Client> {
  server = await listen({ host: "127.0.0.1", writeQueueHighBytes: 4096, writeQueueLowBytes: 1024 }, handler);
  return new Client(server.port).connected();
}

test("a handler with frame gets whole lines, however they were sent", async () => {
  const got: string[] = [];
  const client = await serve({ framing: lines(), frame: (_, line) => got.push(text(line)) });
  for (const part of ["fir", "st\r", "\nsecond\nthi", "rd\n"]) {
    const before = server!.counts().bytesRead;
    client.socket.write(part);
    await until(() => server!.counts().bytesRead === before + part.length);
  }
  expect(got).toEqual(["first", "second", "third"]);
});

test("frames are counted, whatever reads they came in; chunks of a handler without framing are none", async () => {
  const lone: string[] = [];
  const client = await serve({
    framing: lines(),
    frame: (connection, line) => {
      // What was read behind it goes to the new handler as a chunk.
      if (line.length === 3) connection.handler = { chunk: (_, bytes) => lone.push(text(bytes)) };
    },
  });
  for (let part = 0; part < 5; part += 1) client.socket.write("0123456789\n".repeat(10_000));
  await until(() => server!.counts().bytesRead === 550_000);
  client.socket.write("end\nrest");
  await until(() => lone.length === 1);
  const { framesRead, reads } = server!.counts();
  expect([framesRead, lone]).toEqual([50_001, ["rest"]]);
  expect(reads).toBeLessThan(1000);
});

test("a handler with frame and no framing is told of it, instead of getting nothing for ever", async () => {
  let cause: Error | undefined;
  const client = await serve({
    frame: () => undefined,
    close: (_connection, _reason, error) => {
      cause = error;
    },
  });
  client.socket.write("hello\n");
  await until(() => cause !== undefined);
  expect(cause!.message).toBe("bytes came for a handler with `frame`, but nothing says how they are framed");
  expect(server!.counts().closed["handler-error"]).toBe(1);
});

test("the framing changes in mid-stream, within one chunk", async () => {
  const got: string[] = [];
  const frame = (connection: Connection, bytes: Uint8Array) => {
    got.push(text(bytes));
    if (got.length === 1) connection.setFraming(lengthPrefixed({ lengthBytes: 1 }));
    if (got.length === 2) connection.setFraming(fixed(3));
  };
  const client = await serve({ framing: lines(), frame });
  client.socket.write("hello\n\x05bytesabcdef");
  await until(() => got.length === 4);
  expect(got).toEqual(["hello", "bytes", "abc", "def"]);
});

test("no frame comes while the connection is paused; those kept come first afterwards, in order", async () => {
  const got: string[] = [];
  let seen: Connection | undefined;
  const frame = (connection: Connection, bytes: Uint8Array) => {
    seen = connection;
    got.push(text(bytes));
    if (got.length % 2 === 0) connection.pause();
  };
  const client = await serve({ framing: lines(), frame });
  client.socket.write("1\n2\n3\n4\n5\n");
  await until(() => got.length === 2);
  client.socket.write("6\n");
  for (const expected of [4, 6]) {
    seen?.resume();
    await until(() => got.length === expected);
  }
  expect(got).toEqual(["1", "2", "3", "4", "5", "6"]);
});

test("a full write queue holds back the rest of a chunk: small requests with large answers end no innocent client", async () => {
  const answer = new Uint8Array(10_000);
  let most = 0;
  const frame = (connection: Connection) => {
    connection.write(answer);
    most = Math.max(most, connection.queuedBytes);
  };
  const client = await serve({ framing: fixed(1), frame });
  client.socket.pause();
  client.socket.write("x".repeat(3000));
  await until(() => server!.counts().writeQueueBytes > 0);
  client.socket.resume();
  await until(() => client.bytes === 3000 * answer.length);
  expect(most).toBeLessThan(4096 + answer.length);
  expect(client.closed).toBe(false);
});

test("a frame that is too long ends its connection as bad-frame, and nothing of it is delivered", async () => {
  const ends: CloseReason[] = [];
  const got: string[] = [];
  const framing = lines({ maxBytes: 10 });
  const client = await serve({
    framing,
    frame: (_, line) => got.push(text(line)),
    close: (_, reason) => ends.push(reason),
  });
  client.socket.write(`short\n${"l".repeat(100)}\nnever\n`);
  await until(() => ends.length === 1);
  expect([got, ends, server!.counts().closed["bad-frame"]]).toEqual([["short"], ["bad-frame"], 1]);
});

test("after end() no frame comes, and a frame that throws closes its connection only", async () => {
  const got: string[] = [];
  const frame = (connection: Connection, line: Uint8Array) => {
    got.push(text(line));
    if (text(line) === "bye") connection.end();
    if (text(line) === "bug") throw new Error("a bug");
  };
  const client = await serve({ framing: lines(), frame });
  const other = await new Client(server!.port).connected();
  client.socket.write("a\nbye\nunheard\n");
  other.socket.write("bug\nunheard\n");
  await until(() => client.ended && other.closed);
  expect(got.sort()).toEqual(["a", "bug", "bye"]);
  expect(server!.counts().closed["handler-error"]).toBe(1);
});

test("a framing without a frame method is refused where it is set", async () => {
  const errors: unknown[] = [];
  const client = await serve({
    open: (connection) => connection.setFraming(lines()),
    close: (_, __, cause) => errors.push(cause),
  });
  await until(() => client.closed && errors.length === 1);
  expect(errors[0]).toMatchObject({ code: "invalid-option" });
});

test.each(["close", "reset"] as const)(
  "after %s() from within a frame the rest of the chunk is nobody's",
  async (how) => {
    const told: string[] = [];
    const client = await serve({
      framing: lines(),
      frame(connection, line) {
        told.push(text(line));
        connection[how]();
      },
      close: () => told.push("closed"),
    });
    client.socket.write("one\ntwo\nthree\n");
    await until(() => client.closed);
    expect(told).toEqual(["one", "closed"]);
  },
);

test("a frame that was kept for a full write queue and closes the connection is told before no drain", async () => {
  const told: string[] = [];
  const handler: Handler = {
    framing: lines(),
    frame(connection, line) {
      told.push(text(line));
      if (told.length === 1) connection.write(new Uint8Array(900_000));
      else connection.close();
    },
    drain: () => told.push("drain"),
    close: () => told.push("closed"),
  };
  server = await listen({ host: "127.0.0.1", sendBufferBytes: 8192 }, handler);
  const client = await new Client(server.port).connected();
  client.socket.write("one\ntwo\n");
  await until(() => client.closed);
  expect(told).toEqual(["one", "two", "closed"]);
});
