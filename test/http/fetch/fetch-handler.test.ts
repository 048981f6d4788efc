import { expect, test } from "bun:test";
import { connect } from "node:net";
import { type FetchedRequest, fetchHandler, httpServer } from "../../../src/http/mod.ts";
import { listen } from "../../../src/net/mod.ts";
import { until } from "../../net/support.ts";

const errors: unknown[] = [];

async function serving(answer: (incoming: FetchedRequest) => Promise<Response> | Response, maxBodyBytes = 0) {
  const handler = fetchHandler(async (incoming) => answer(incoming), {
    maxBodyBytes,
    failed(error) {
      errors.push(error);
      return new Response("it failed\n", { status: 500 });
    },
  });
  return listen({ host: "127.0.0.1", halfOpen: true }, httpServer(handler));
}

/** Sends bytes, and returns all that comes until the server closes. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    let answer = "";
    socket.on("data", (bytes) => (answer += bytes.toString("latin1")));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("method, path, query, headers, content and the client's address arrive; status, headers and content go back", async () => {
  await using server = await serving(async ({ request, peer }) => {
    const { method, url, headers } = request;
    const told = { method, url, peer, accept: headers.get("x-given"), text: await request.text() };
    return Response.json(told, { status: 201, headers: { "x-own": "1" } });
  });
  const url = `http://127.0.0.1:${server.port}/a%20b?c=%26`;
  const response = await fetch(url, { method: "POST", body: "content", headers: { "x-given": "2" } });
  expect([response.status, response.headers.get("x-own")]).toEqual([201, "1"]);
  expect(await response.json()).toEqual({ method: "POST", url, peer: "127.0.0.1", accept: "2", text: "content" });
});

test.each<[what: string, response: () => Response, head: RegExp, body: string]>([
  ["a text has its length", () => new Response("four"), /^HTTP\/1\.1 200 OK\r\n[\s\S]*content-length: 4\r\n/i, "four"],
  ["no content has length 0", () => new Response(null), /content-length: 0\r\n/i, ""],
  [
    "204 has no length",
    () => new Response(null, { status: 204 }),
    /^HTTP\/1\.1 204 No Content\r\n(?![\s\S]*length)/i,
    "",
  ],
  [
    "several cookies are several lines",
    () => {
      const response = new Response("");
      response.headers.append("set-cookie", "a=1, 2");
      response.headers.append("set-cookie", "b=3");
      return response;
    },
    /set-cookie: a=1, 2\r\n[\s\S]*set-cookie: b=3\r\n/i,
    "",
  ],
])("%s", async (_, response, head, body) => {
  await using server = await serving(response);
  const answer = await raw(server.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const [heads = "", content] = answer.split("\r\n\r\n");
  expect(`${heads}\r\n`).toMatch(head);
  expect(content).toBe(body);
});

test("HEAD has the length of the content, and no content", async () => {
  await using server = await serving(() => new Response("four"));
  const answer = await raw(server.port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/content-length: 4\r\n/i);
  expect(answer.endsWith("\r\n\r\n")).toBe(true);
});

test("an answer of 20 MB, more than may wait to be sent, arrives whole", async () => {
  const bytes = new Uint8Array(20e6).fill(7);
  await using server = await serving(() => new Response(bytes));
  const response = await fetch(`http://127.0.0.1:${server.port}/`);
  expect(Bun.hash(await response.arrayBuffer())).toBe(Bun.hash(bytes));
});

test("a stream is passed on as it comes, and its client's end cancels it", async () => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  await using server = await serving(({ stayOpen }) => {
    stayOpen();
    const body = new ReadableStream<Uint8Array>({
      start(given) {
        controller = given;
      },
      cancel() {
        isCancelled = true;
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const leaving = new AbortController();
  const response = await fetch(`http://127.0.0.1:${server.port}/`, { signal: leaving.signal });
  const reader = response.body!.getReader();
  for (const part of ["one", "two"]) {
    controller!.enqueue(Buffer.from(part));
    expect(Buffer.from((await reader.read()).value!).toString()).toBe(part);
  }
  leaving.abort();
  await until(() => isCancelled);
});

test("a stream that a client does not read is pulled no further", async () => {
  let pulled = 0;
  await using server = await serving(({ stayOpen }) => {
    stayOpen();
    return new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1e6));
        },
      }),
    );
  });
  const socket = connect(server.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  socket.pause();
  let before = -1;
  while (pulled === 0 || pulled !== before) {
    before = pulled;
    await Bun.sleep(100);
  }
  expect(pulled).toBeLessThan(100);
  socket.destroy();
});

test("content that nobody reads slows the client, and what is too long is refused", async () => {
  let read = 0;
  await using server = await serving(async ({ request }) => {
    for await (const part of request.body as unknown as AsyncIterable<Uint8Array>) read += part.length;
    return new Response(`${read}`);
  }, 2e6);
  const url = `http://127.0.0.1:${server.port}/`;
  expect(await (await fetch(url, { method: "POST", body: new Uint8Array(2e6) })).text()).toBe("2000000");
  const long = await fetch(url, { method: "POST", body: new Uint8Array(3e6) }).catch(() => undefined);
  expect(long?.status ?? 413).toBe(413);
  expect(read).toBe(2e6);
});

test("what a handler throws is an answer, and what a stream throws breaks it off", async () => {
  errors.length = 0;
  await using server = await serving(({ request, stayOpen }) => {
    if (new URL(request.url).pathname === "/") throw new Error("at once");
    stayOpen();
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(Buffer.from("begun"));
          throw new Error("later");
        },
      }),
    );
  });
  const url = `http://127.0.0.1:${server.port}/`;
  expect(await (await fetch(url)).text()).toBe("it failed\n");
  await expect(fetch(`${url}stream`).then((response) => response.text())).rejects.toThrow();
  expect(errors.map((error) => (error as Error).message)).toEqual(["at once", "later"]);
});

test.each([
  ["GET // HTTP/1.1\r\nHost: a b\r\n", / 400 /],
  ["GET /x HTTP/1.1\r\nHost: [::1\r\n", /400|http:\/\/localhost\/x/],
  ["GET http://a/x HTTP/1.1\r\nHost: a\r\n", /http:\/\/a\/x/],
])("%s is answered", async (head, pattern) => {
  await using server = await serving(({ request }) => new Response(request.url));
  expect(await raw(server.port, `${head}Connection: close\r\n\r\n`)).toMatch(pattern);
});

test("two lines of cookies are one", async () => {
  await using server = await serving(({ request }) => new Response(request.headers.get("cookie")));
  const answer = await raw(
    server.port,
    "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n",
  );
  expect(answer.endsWith("a=1; b=2")).toBe(true);
});
