import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { until } from "../../net/support.ts";
import { ascii, parseAnswers, RawClient, Site, serve, talk } from "./support.ts";

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const RUNS = Number(process.env.TENK_RUNS ?? 30);

/** Yields to the event loop: as a target's answer, which comes in a later turn. */
const later = (run: () => void) => setImmediate(run);

/** Resolves when `condition` holds, which it does in one of the next turns of the event loop. */
async function soon(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 4000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Not within 4 s: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("requests that come together", () => {
  test("are answered in order and in few writes, however many they are", async () => {
    const site = new Site();
    await using server = await serve(site);
    const burst = Array.from({ length: 20_000 }, (_, index) => get(`/${index}`)).join("") + LAST;
    const answers = parseAnswers(await talk(server.port, burst));
    expect(answers).toHaveLength(20_001);
    expect(answers.slice(0, -1).every(({ content }, index) => content === `GET /${index} `)).toBe(true);
    expect(server.counts().writes).toBeLessThan(500);
  });

  test("are answered one after the other, without recursion, where each answer comes later", async () => {
    let open = 0;
    const depths = new Set<number>();
    const site = new Site((exchange, { target }) => {
      open += 1;
      expect(open).toBe(1);
      depths.add(new Error().stack!.split("\n").length);
      later(() => {
        open -= 1;
        const text = ascii(target);
        exchange.begin(200);
        exchange.sendHead(text.length, text);
        exchange.end();
      });
    });
    Error.stackTraceLimit = 200;
    await using server = await serve(site);
    const burst = Array.from({ length: 3000 }, (_, index) => get(`/${index}`)).join("") + LAST;
    const answers = parseAnswers(await talk(server.port, burst));
    expect(answers.map(({ content }) => content).join()).toBe(
      [...Array.from({ length: 3000 }, (_, index) => `/${index}`), "/last"].join(),
    );
    // From the event of the socket, and from that of an answer: never one within the other.
    expect(depths.size).toBeLessThanOrEqual(3);
  });

  test("slow their client while the first is not answered", async () => {
    const site = new Site(() => {});
    await using server = await serve(site);
    const client = new RawClient(server.port).send(get("/0"));
    const block = get("/a").repeat(4000);
    for (let count = 0; count < 200; count++) client.send(block);
    let before = -1;
    await until(() => {
      const { bytesRead } = server.counts();
      const isStill = bytesRead === before && bytesRead > 16_384;
      before = bytesRead;
      return isStill;
    });
    // One read beyond the bound, of at most what the runtime reads at once.
    expect(server.counts().bytesRead).toBeLessThan(16_384 + 2 * 524_288);
    expect(site.visits).toHaveLength(1);
    client.socket.destroy();
  });

  test("are not answered on and on to a client that reads nothing", async () => {
    const large = new Uint8Array(50_000);
    const site = new Site((exchange) => {
      exchange.begin(200);
      exchange.sendHead(large.length, large);
      exchange.end();
    });
    await using server = await serve(site);
    const client = new RawClient(server.port);
    client.socket.pause();
    const burst = get("/").repeat(600);
    client.send(burst);
    await until(() => server.counts().bytesRead > 10_000);
    await until(() => server.counts().writeQueueBytes > 0);
    // Reading has stopped, and so has answering.
    expect(site.visits.length).toBeLessThan(400);
    expect(server.counts().closed["write-queue-full"]).toBe(0);
    client.socket.resume();
    await until(() => client.bytes > 600 * large.length);
    expect(site.visits.length).toBe(600);
    client.socket.destroy();
  });
});

describe("the same bytes in any pieces", () => {
  const PARTS = [
    get("/a"),
    "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
    '\r\nPUT /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x="y"\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n',
    "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /empty HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "DELETE /carried HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
    "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n12345678901234567890",
    "POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\nA: b\r\n\r\n",
  ];
  const ENDS = [
    LAST,
    "GET /bad HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
    `POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz`,
  ];

  const makeSite = (isLate: boolean) => {
    const site = new Site((exchange, visit) => {
      const answer = () => {
        const text = ascii(`${visit.method} ${visit.target} ${visit.body} ${visit.trailers}`);
        exchange.begin(200);
        exchange.sendHead(text.length, text);
        exchange.end();
      };
      if (isLate) later(answer);
      else answer();
    });
    site.arrived = (exchange, { target }) => {
      if (target === "/carried") exchange.carriesChunks = true;
      if (target === "/early") exchange.fail(403);
    };
    return site;
  };
  const withoutDates = (text: string) => text.replaceAll(/Date: [^\r]*/g, "Date:");

  test("give the same answers", async () => {
    const immediate = makeSite(false);
    const late = makeSite(true);
    await using first = await serve(immediate);
    await using second = await serve(late);
    const property = fc.asyncProperty(
      fc.array(fc.constantFrom(...PARTS), { maxLength: 6 }),
      fc.constantFrom(...ENDS),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
      async (parts, end, sizes) => {
        const bytes = parts.join("") + end;
        const whole = withoutDates(await talk(first.port, bytes));
        expect(parseAnswers(whole, indicesOfHead(parts))).toHaveLength(parts.length + 1);
        for (const [site, server] of [
          [immediate, first],
          [late, second],
        ] as const) {
          const client = new RawClient(server.port);
          for (let at = 0, piece = 0; at < bytes.length && !client.ended; piece++) {
            const size = sizes[piece % sizes.length]!;
            const { bytesRead } = server.counts();
            const sent = bytes.slice(at, at + size);
            client.send(sent);
            await soon(() => server.counts().bytesRead >= bytesRead + sent.length || client.ended);
            at += size;
          }
          await until(() => client.ended);
          client.socket.destroy();
          expect(withoutDates(client.received)).toBe(whole);
          expect(site.visits.every(({ finishes }) => finishes === 1)).toBe(true);
        }
      },
    );
    await fc.assert(property, { numRuns: RUNS });
  }, 120_000);

  const indicesOfHead = (parts: readonly string[]) =>
    parts.flatMap((part, index) => (part.includes("HEAD /head") ? [index] : []));
});
