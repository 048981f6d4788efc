import { expect, test } from "bun:test";
import fc from "fast-check";
import { until } from "../../net/support.ts";
import { parseAnswers, RawClient, Site, serve } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 100);
const VALID = [
  "GET /a?b HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
  "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: x, keep-alive\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
  "GET http://a/b HTTP/1.0\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
];
const piece = fc.oneof(
  fc.constantFrom(
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    ":",
    "0",
    "\r\n\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 1\r\n",
  ),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);
const damage = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.nat(6), insert: piece });

/** A stream of requests, some bytes of which are wrong. */
const stream = fc
  .tuple(fc.array(fc.constantFrom(...VALID), { minLength: 1, maxLength: 5 }), fc.array(damage, { maxLength: 3 }))
  .map(([parts, damages]) => {
    let text = parts.join("");
    for (const { at, remove, insert } of damages) {
      const place = Math.floor(at * text.length);
      text = text.slice(0, place) + insert + text.slice(place + remove);
    }
    return text;
  });

test("whatever comes, each request ends once, each answer is one, and others are served", async () => {
  const site = new Site();
  site.arrived = (exchange, { target }) => {
    exchange.carriesChunks = target.length % 2 === 0;
  };
  await using server = await serve(site);
  const property = fc.asyncProperty(stream, async (text) => {
    site.visits.length = 0;
    site.itself.length = 0;
    const { bytesRead } = server.counts();
    const client = new RawClient(server.port).send(text);
    await until(() => server.counts().bytesRead >= bytesRead + text.length || client.ended);
    client.socket.end();
    await until(() => client.closed && server.counts().active === 0);
    const answered = site.visits.filter(({ exchange }) => exchange.status > 0).length + site.itself.length;
    const answers = parseAnswers(client.received).filter(({ status }) => status !== 100);
    expect(answers.length).toBe(answered);
    for (const { finishes, exchange } of site.visits) {
      expect(finishes).toBe(1);
      expect(["answered", "bad-body", "client-gone"]).toContain(exchange.outcome);
    }
    // Behind what was refused nothing is read.
    const refused = answers.findIndex(({ status }) => status >= 400);
    if (refused >= 0) expect(refused).toBe(answers.length - 1);
  });
  await fc.assert(property, { numRuns: RUNS });
  const other = new RawClient(server.port).send(VALID[0]!);
  expect((await other.answers(1))[0]?.status).toBe(200);
  other.socket.destroy();
}, 600_000);
