import { describe, expect, test } from "bun:test";
import { until } from "../../net/support.ts";
import { ascii, parseAnswers, RawClient, Site, serve, TLS, talk } from "./support.ts";

const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const post = (fields: string, method = "POST") => `${method} /up HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
const CHUNKED = post("Transfer-Encoding: chunked");

describe("content of a request", () => {
  test.each([
    ["with a length", `${post("Content-Length: 3")}abc`, "abc", []],
    ["without content", post("Content-Length: 0"), "", []],
    ["in chunks", `${CHUNKED}2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n`, "abc", []],
    ["in chunks of DELETE", `${post("Transfer-Encoding: chunked", "DELETE")}3\r\nabc\r\n0\r\n\r\n`, "abc", []],
    [
      "in chunks, with trailers",
      `${CHUNKED}3\r\nabc\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n`,
      "abc",
      [
        ["X-T", "1"],
        ["X-U", "2"],
      ],
    ],
    ["in chunks without data", `${CHUNKED}0\r\n\r\n`, "", []],
    ["of GET", `${post("Content-Length: 3", "GET")}abc`, "abc", []],
  ])("%s is given to the handler, and the connection goes on", async (_, request, body, trailers) => {
    const site = new Site();
    await using server = await serve(site);
    expect(parseAnswers(await talk(server.port, request + LAST)).map(({ status }) => status)).toEqual([200, 200]);
    expect(site.visits[0]?.body).toBe(body);
    expect(site.visits[0]?.trailers).toEqual(trailers as [string, string][]);
    expect(site.visits[0]?.exchange.requestBodyBytes).toBe(body.length);
  });

  test("is carried as chunks where the handler says so", async () => {
    const site = new Site();
    site.arrived = (exchange) => {
      exchange.carriesChunks = exchange.canCarryChunks;
    };
    await using server = await serve(site);
    const chunks = "2\r\nab\r\n1;x=y\r\nc\r\n0\r\nX-T: 1\r\n\r\n";
    await talk(server.port, CHUNKED + chunks + LAST);
    expect(site.visits.map(({ body, trailers }) => [body, trailers])).toEqual([
      [chunks, []],
      ["", []],
    ]);
  });

  test("that follows its head at once is announced, so that both can go on in one write", async () => {
    const follows: boolean[] = [];
    const site = new Site();
    site.arrived = (exchange) => follows.push(exchange.bodyFollows);
    await using server = await serve(site);
    await talk(server.port, `${post("Content-Length: 3")}abc${LAST}`);
    const client = new RawClient(server.port).send(post("Content-Length: 3"));
    await until(() => site.visits.length === 3);
    expect(follows).toEqual([true, false, false]);
    client.socket.destroy();
  });

  test("slows its client while the handler takes none", async () => {
    const site = new Site((exchange) => exchange.fail(404));
    site.arrived = (exchange) => exchange.pauseBody();
    await using server = await serve(site);
    const total = 30_000_000;
    const client = new RawClient(server.port).send(post(`Content-Length: ${total}`));
    client.send(new Uint8Array(total));
    await until(() => site.visits.length === 1);
    let before = -1;
    await until(() => {
      const isStill = server.counts().bytesRead === before;
      before = server.counts().bytesRead;
      return isStill;
    });
    expect(site.visits[0]!.body.length).toBeLessThan(600_000);
    site.visits[0]!.exchange.resumeBody();
    expect((await client.answers(1)).map(({ status }) => status)).toEqual([404]);
    expect(site.visits[0]!.body.length).toBe(total);
    client.socket.destroy();
  });
});

describe("a limit on content", () => {
  const limited = (maxBytes: number) => {
    const site = new Site();
    site.arrived = (exchange) => exchange.limitBody(maxBytes);
    return site;
  };

  test("lets as much pass", async () => {
    await using server = await serve(limited(3));
    const requests = `${post("Content-Length: 3")}abc${CHUNKED}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n${LAST}`;
    expect(parseAnswers(await talk(server.port, requests)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("answers 413 to what announces more, before it is read", async () => {
    const site = limited(3);
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, `${post("Content-Length: 4")}abcd${LAST}`));
    expect(answers.map(({ status }) => status)).toEqual([413, 200]);
    expect([site.visits[0]!.body, site.visits[0]!.finishes]).toEqual(["", 1]);
  });

  test("answers 413 to chunks that grow beyond it, and closes", async () => {
    const site = limited(3);
    await using server = await serve(site);
    const answers = parseAnswers(await talk(server.port, `${CHUNKED}3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n${LAST}`));
    expect(answers.map(({ status, fields }) => [status, fields.connection])).toEqual([[413, "close"]]);
    expect([site.visits[0]!.body, site.visits[0]!.isWhole, site.visits[0]!.finishes]).toEqual(["abc", false, 1]);
  });
});

test("chunks behind one that was answered are dropped, and the connection goes on", async () => {
  const site = new Site();
  const { body } = site;
  site.body = (exchange, bytes) => {
    body.call(site, exchange, bytes);
    exchange.fail(403);
  };
  await using server = await serve(site);
  const answers = parseAnswers(await talk(server.port, `${CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n${LAST}`));
  expect(answers.map(({ status }) => status)).toEqual([403, 200]);
  expect(site.visits.map((visit) => [visit.body, visit.finishes])).toEqual([["a", 1], ["", 1]]); // biome-ignore format: a table
});

describe("an answer before its request is whole", () => {
  const early = () => {
    const site = new Site();
    site.arrived = (exchange, { target }) => {
      if (target === "/up") exchange.fail(413);
    };
    return site;
  };

  test("leaves the connection usable where little is still to come", async () => {
    const site = early();
    await using server = await serve(site);
    const requests = `${post("Content-Length: 200000")}${"x".repeat(200_000)}${CHUNKED}3\r\nabc\r\n0\r\n\r\n${LAST}`;
    const answers = parseAnswers(await talk(server.port, requests));
    expect(answers.map(({ status, fields }) => [status, fields.connection])).toEqual([
      [413, undefined],
      [413, undefined],
      [200, "close"],
    ]);
    expect(site.visits.map(({ body, finishes }) => [body, finishes])).toEqual([["", 1], ["", 1], ["", 1]]); // biome-ignore format: a table
  });

  test("leaves the connection usable also where nothing was read of the rest", async () => {
    const site = early();
    const { arrived } = site;
    site.arrived = (exchange, visit) => {
      exchange.pauseBody();
      setImmediate(() => arrived?.(exchange, visit));
    };
    await using server = await serve(site);
    const client = new RawClient(server.port).send(post("Content-Length: 200000"));
    await until(() => site.visits.length === 1);
    client.send("x".repeat(200_000)).send(LAST);
    expect((await client.answers(2)).map(({ status }) => status)).toEqual([413, 200]);
    client.socket.destroy();
  });

  describe.each([
    ["in the clear", false],
    ["under TLS", true],
  ])("%s", (_, isSecure) => {
    test.each([
      ["a length", post("Content-Length: 50000000"), "close"],
      ["chunks", `${CHUNKED}2faf080\r\n`, undefined],
    ])("reaches a client that sends on, with %s", async (_, head, connection) => {
      await using server = await serve(early(), {}, isSecure ? { tls: TLS } : {});
      const client = new RawClient(server.port, isSecure).send(head);
      const block = new Uint8Array(65_536);
      let sent = 0;
      // As a client that reads only when it has sent everything; under TLS the runtime's own cannot send while it does not read.
      if (!isSecure) client.socket.pause();
      const send = () => {
        while (sent < 20_000_000 && !client.closed && client.socket.write(block)) sent += block.length;
        if (sent >= 20_000_000) client.socket.resume();
        else client.socket.once("drain", send);
      };
      send();
      const [answer] = await client.answers(1);
      expect([answer?.status, answer?.fields.connection]).toEqual([413, connection]);
      expect(client.error).toBeUndefined();
      await until(() => client.ended);
      client.socket.destroy();
    });
  });

  test("ends a connection whose client sends no more of the rest", async () => {
    await using server = await serve(early(), { lingerMs: 100 });
    const client = new RawClient(server.port).send(post("Content-Length: 10"));
    await client.answers(1);
    await until(() => client.ended);
    client.socket.destroy();
  });

  test("may begin while the rest is still read", async () => {
    const site = new Site((exchange) => exchange.end());
    site.arrived = (exchange) => {
      exchange.begin(200);
      exchange.sendHead(3, ascii("abc"));
    };
    await using server = await serve(site);
    const client = new RawClient(server.port).send(post("Content-Length: 3"));
    await client.answers(1);
    expect(site.visits[0]?.finishes).toBe(0);
    client.send("xyz");
    await until(() => site.visits[0]?.finishes === 1);
    expect([site.visits[0]?.body, site.visits[0]?.exchange.outcome]).toEqual(["xyz", "answered"]);
    client.socket.destroy();
  });
});
