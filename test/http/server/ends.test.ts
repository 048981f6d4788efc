import { describe, expect, test } from "bun:test";
import { Head, readResponse } from "../../../src/wire/http1/mod.ts";
import { until } from "../../net/support.ts";
import { ascii, parseAnswers, RawClient, Site, serve, talk, type Visit } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
const never = () => {};
const outcomes = (site: Site) => site.visits.map(({ finishes, exchange }) => [finishes, exchange.outcome]);

describe("a client that is too slow", () => {
  test.each([
    ["with a head gets 408", "GET / HTTP/1.1\r\nHos", { headTimeoutMs: 60 }, [408], "header-timeout"],
    ["with its first byte is closed", "", { headTimeoutMs: 60 }, [], "header-timeout"],
    ["with its next request is closed", GET, { keepAliveMs: 60 }, [200], "keep-alive"],
    ["with a second head gets 408", `${GET}GET `, { headTimeoutMs: 60 }, [200, 408], "header-timeout"],
    ["with content gets 408", `${POST}12345`, { bodyTimeoutMs: 60 }, [408], "body-timeout"],
  ])("%s", async (_, bytes, options, statuses, reason) => {
    const site = new Site();
    await using server = await serve(site, options);
    const answers = parseAnswers(await talk(server.port, bytes));
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    await until(() => server.counts().active === 0);
    expect(server.counts().closed[reason as "keep-alive"]).toBe(1);
    expect(outcomes(site).every(([finishes]) => finishes === 1)).toBe(true);
  });

  test("with content is reset where the answer has begun", async () => {
    const site = new Site();
    site.arrived = (exchange) => {
      exchange.begin(200);
      exchange.sendHead(3);
    };
    await using server = await serve(site, { bodyTimeoutMs: 60 });
    const client = new RawClient(server.port).send(POST);
    await until(() => client.closed);
    expect([client.error, outcomes(site)]).toEqual(["ECONNRESET", [[1, "client-stalled"]]]);
  });

  test("with a head is not given more time by each byte", async () => {
    await using server = await serve(new Site(), { headTimeoutMs: 250 });
    const client = new RawClient(server.port);
    const timer = setInterval(() => client.send("a"), 20);
    await until(() => client.ended);
    clearInterval(timer);
    expect(client.received).toStartWith("HTTP/1.1 408 ");
    client.socket.destroy();
  });

  test("but goes on is not", async () => {
    const site = new Site();
    await using server = await serve(site, { bodyTimeoutMs: 200 });
    const client = new RawClient(server.port).send(POST);
    let sent = 0;
    const timer = setInterval(() => {
      if (sent++ < 10) client.send("x");
    }, 50);
    const [answer] = await client.answers(1);
    clearInterval(timer);
    expect(answer?.status).toBe(200);
    client.socket.destroy();
  });

  test("is not, while its handler does not read", async () => {
    const site = new Site();
    site.arrived = (exchange) => exchange.pauseBody();
    await using server = await serve(site, { bodyTimeoutMs: 50, keepAliveMs: 50, headTimeoutMs: 50 });
    const client = new RawClient(server.port).send(`${POST}12345`);
    const other = new RawClient(server.port).send(GET);
    // The other's end shows that the time is over.
    await until(() => other.ended);
    expect(outcomes(site)).toEqual([
      [0, "answered"],
      [1, "answered"],
    ]);
    site.visits[0]!.exchange.resumeBody();
    expect((await client.send("67890").answers(1))[0]?.status).toBe(200);
    client.socket.destroy();
    other.socket.destroy();
  });

  test("to take an answer is closed by the listener's stall time, and the handler hears of it", async () => {
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(100_000_000);
      exchange.send(new Uint8Array(900_000));
    });
    await using server = await serve(site, {}, { limits: { stallMs: 100 }, sendBufferBytes: 16_384 });
    const client = new RawClient(server.port);
    client.socket.pause();
    client.send(GET);
    await until(() => site.visits[0]?.finishes === 1);
    expect(outcomes(site)).toEqual([[1, "client-stalled"]]);
    client.socket.destroy();
  });
});

describe("a client that goes", () => {
  const EXPECTED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

  test.each(["FIN", "RST"])(
    "by %s behind any byte ends its exchange once",
    async (how) => {
      const site = new Site(never);
      await using server = await serve(site);
      for (let length = 0; length <= EXPECTED.length; length++) {
        const { bytesRead } = server.counts();
        const client = await new RawClient(server.port).send(EXPECTED.slice(0, length));
        await until(() => server.counts().bytesRead === bytesRead + length && server.counts().active === 1);
        if (how === "FIN") client.socket.end();
        else client.socket.resetAndDestroy();
        await until(() => server.counts().active === 0);
        client.socket.destroy();
      }
      const begun = EXPECTED.length - EXPECTED.indexOf("\r\n\r\n") - 3;
      expect(site.visits).toHaveLength(begun);
      expect(outcomes(site).every(([finishes, outcome]) => finishes === 1 && outcome === "client-gone")).toBe(true);
      expect(site.itself).toEqual([]);
    },
    20_000,
  );

  test("while its answer is sent ends its exchange", async () => {
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(100_000_000);
      exchange.send(new Uint8Array(900_000));
    });
    await using server = await serve(site);
    const client = new RawClient(server.port).send(GET);
    await until(() => client.bytes > 0);
    client.socket.resetAndDestroy();
    await until(() => site.visits[0]?.finishes === 1);
    expect(outcomes(site)).toEqual([[1, "client-gone"]]);
  });

  test("is noticed although its handler paused the content that came last", async () => {
    const site = new Site(never);
    const body = site.body.bind(site);
    site.body = (exchange, bytes) => {
      body(exchange, bytes);
      exchange.pauseBody();
    };
    await using server = await serve(site);
    const client = new RawClient(server.port).send(`${POST}0123456789`);
    await until(() => site.visits[0]?.isWhole === true);
    client.socket.end();
    await until(() => site.visits[0]?.finishes === 1);
    expect(outcomes(site)).toEqual([[1, "client-gone"]]);
    client.socket.destroy();
  });

  test("only half of the way gets all its answers, however slowly it reads, where the server is told so", async () => {
    const large = new Uint8Array(50_000);
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(large.length, large);
      exchange.end();
    });
    await using server = await serve(site, { answersHalfClosed: true });
    const client = new RawClient(server.port);
    client.socket.pause();
    client.send(GET.repeat(500));
    client.socket.end();
    await until(() => server.counts().writeQueueBytes > 0);
    client.socket.resume();
    await until(() => client.ended);
    expect(site.visits).toHaveLength(500);
    expect(client.bytes).toBeGreaterThan(500 * large.length);
    client.socket.destroy();
  });

  test("only half of the way in the middle of content is gone, also where the server is told so", async () => {
    const site = new Site();
    await using server = await serve(site, { answersHalfClosed: true });
    const client = new RawClient(server.port).send(`${POST}12345`);
    client.socket.end();
    await until(() => site.visits[0]?.finishes === 1);
    expect(outcomes(site)).toEqual([[1, "client-gone"]]);
    client.socket.destroy();
  });

  test("only half of the way gets its answers where the server is told so", async () => {
    const site = new Site((exchange) => {
      setImmediate(() => {
        exchange.begin(200);
        exchange.sendHead(0);
        exchange.end();
      });
    });
    await using server = await serve(site, { answersHalfClosed: true });
    const client = new RawClient(server.port).send(GET + GET);
    client.socket.end();
    await until(() => client.ended);
    expect(parseAnswers(client.received).map(({ status }) => status)).toEqual([200, 200]);
    client.socket.destroy();
  });
});

describe("a handler that", () => {
  const failing: [string, (exchange: Visit["exchange"]) => void, boolean][] = [
    ["throws at a request answers 500", () => fail(), true],
    [
      "throws behind a head resets",
      (exchange) => {
        exchange.begin(200);
        exchange.sendHead(3);
        fail();
      },
      false,
    ],
  ];
  const fail = () => {
    throw new Error("on purpose");
  };
  test.each(failing)("%s, and the next connection is served", async (_, arrived, isAnswered) => {
    const site = new Site();
    site.arrived = (exchange, visit) => {
      if (visit.target === "/bad") arrived(exchange);
    };
    await using server = await serve(site);
    const client = new RawClient(server.port).send(GET.replace("/ ", "/bad "));
    await until(() => client.ended || client.closed);
    expect(parseAnswers(client.received).map(({ status }) => status)).toEqual(isAnswered ? [500] : []);
    expect(outcomes(site)).toEqual([[1, "failed"]]);
    expect((await new RawClient(server.port).send(GET).answers(1))[0]?.status).toBe(200);
    client.socket.destroy();
  });

  test("aborts without an answer sends none", async () => {
    const site = new Site((exchange) => exchange.abort("aborted"));
    await using server = await serve(site);
    const client = new RawClient(server.port).send(GET);
    await until(() => client.closed);
    expect([client.received, client.error, outcomes(site)]).toEqual(["", "ECONNRESET", [[1, "aborted"]]]);
  });

  test("fails behind its head resets, so that the answer is not taken for whole", async () => {
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(-1, ascii("abc"));
      setImmediate(() => exchange.fail(502));
    });
    await using server = await serve(site);
    const client = new RawClient(server.port).send(GET);
    await until(() => client.closed);
    expect(client.received).not.toContain("0\r\n\r\n");
    expect([client.error, outcomes(site)]).toEqual(["ECONNRESET", [[1, "aborted"]]]);
  });
});

describe("a stop of the server", () => {
  test("ends idle connections at once, and others behind the answer in progress", async () => {
    const site = new Site(never);
    await using server = await serve(site);
    const fresh = await new RawClient(server.port);
    const busy = new RawClient(server.port).send(GET);
    const piece = new RawClient(server.port).send(GET.slice(0, 20));
    await until(
      () => site.visits.length === 1 && server.counts().bytesRead === GET.length + 20 && server.counts().active === 3,
    );
    const stopped = server.stop({ graceMs: 4000 });
    await until(() => fresh.ended);
    expect([busy.ended, piece.ended]).toEqual([false, false]);
    piece.send(GET.slice(20));
    await until(() => site.visits.length === 2);
    for (const { exchange } of site.visits) {
      exchange.begin(200);
      exchange.sendHead(0);
      exchange.end();
    }
    for (const client of [busy, piece]) {
      await until(() => client.ended);
      expect(parseAnswers(client.received).map(({ fields }) => fields.connection)).toEqual(["close"]);
    }
    for (const client of [fresh, busy, piece]) client.socket.destroy();
    await stopped;
    expect(outcomes(site)).toEqual([
      [1, "answered"],
      [1, "answered"],
    ]);
  });

  test("ends what does not end in time, and says so", async () => {
    const site = new Site(never);
    const server = await serve(site);
    const client = new RawClient(server.port).send(GET);
    await until(() => site.visits.length === 1);
    await server.stop({ graceMs: 50 });
    expect(outcomes(site)).toEqual([[1, "shutdown"]]);
    client.socket.destroy();
  });
});

describe("a tunnel", () => {
  const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
  const accept = (exchange: Visit["exchange"]) => {
    exchange.begin(101).field("Upgrade", exchange.upgrade);
    exchange.sendHead(-3);
    exchange.tunnel();
  };

  test("carries bytes both ways, and its two ends one by one", async () => {
    const site = new Site(accept);
    await using server = await serve(site);
    // Bytes of the tunnel may come with the request.
    const client = new RawClient(server.port).send(`${UPGRADE}hello`);
    await until(() => site.visits[0]?.body === "hello" && client.received.endsWith("\r\n\r\n"));
    expect(client.received).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\nDate: [^\r]*\r\n\r\n$/,
    );
    const { exchange } = site.visits[0]!;
    exchange.send(ascii("GET / HTTP/1.1\r\n\r\n"));
    client.send(GET);
    await until(
      () => site.visits[0]?.body === `hello${GET}` && client.received.endsWith("\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
    );
    exchange.end();
    await until(() => client.ended);
    expect(site.visits[0]?.finishes).toBe(0);
    client.send("more");
    await until(() => site.visits[0]?.body.endsWith("more") === true);
    client.socket.end();
    await until(() => site.visits[0]?.finishes === 1);
    expect(outcomes(site)).toEqual([[1, "answered"]]);
    expect([exchange.requestBodyBytes, exchange.responseBodyBytes]).toEqual([9 + GET.length, 18]);
  });

  test("that its client resets ends its exchange", async () => {
    const site = new Site(accept);
    await using server = await serve(site);
    const client = new RawClient(server.port).send(UPGRADE);
    await client.answers(1);
    client.socket.resetAndDestroy();
    await until(() => site.visits[0]?.finishes === 1);
    expect(outcomes(site)).toEqual([[1, "client-gone"]]);
  });

  test("slows its client while the handler takes nothing", async () => {
    const site = new Site(accept);
    await using server = await serve(site);
    const client = new RawClient(server.port).send(UPGRADE);
    await client.answers(1);
    site.visits[0]!.exchange.pauseBody();
    client.send(new Uint8Array(20_000_000));
    let before = -1;
    await until(() => {
      const isStill = server.counts().bytesRead === before;
      before = server.counts().bytesRead;
      return isStill;
    });
    expect(before).toBeLessThan(600_000);
    site.visits[0]!.exchange.resumeBody();
    await until(() => site.visits[0]!.body.length === 20_000_000);
    client.socket.destroy();
  });

  test("is not begun without a 101", async () => {
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(3);
      exchange.tunnel();
      exchange.send(ascii("abc"));
      exchange.end();
    });
    await using server = await serve(site);
    const client = new RawClient(server.port).send(UPGRADE + GET);
    expect((await client.answers(2)).map(({ content }) => content)).toEqual(["abc", "abc"]);
    client.socket.destroy();
  });
});

test.each([100, 101, 200])("an answer with %d is not passed on as an interim one", async (status) => {
  const bytes = ascii(`HTTP/1.1 ${status} OK\r\nContent-Length: 0\r\n\r\n`);
  const head = new Head();
  readResponse(head, bytes, 0, bytes.length);
  const site = new Site((exchange) => {
    exchange.interim(head, bytes);
    exchange.fail(502);
  });
  await using server = await serve(site);
  const client = new RawClient(server.port).send(GET);
  expect((await client.answers(1)).map(({ status }) => status)).toEqual([502]);
  client.socket.destroy();
});
