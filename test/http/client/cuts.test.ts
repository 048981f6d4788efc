import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { Bench, GET, type RawConnection, send } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 120);

const bench = new Bench();
afterAll(() => bench.close());

const body = fc.string({ unit: "binary-ascii", maxLength: 300 });
const name = fc.constantFrom("A", "Set-Cookie", "X-Long", "keep-alive", "Server");
const value = fc.string({ unit: fc.constantFrom(..."abc=;,\u00fc\t 1"), maxLength: 40 }).map((text) => text.trim());
const fields = fc.array(fc.tuple(name, value), { maxLength: 6 });

interface Answer {
  /** As the target sends it. */
  wire: string;
  /** As the caller gets it. */
  text: string;
  status: number;
  isHead: boolean;
  closes: boolean;
}

/** An answer of any framing, with interim answers before it. */
const answer: fc.Arbitrary<Answer> = fc
  .record({
    framing: fc.constantFrom("length", "chunked", "none", "head", "close"),
    status: fc.constantFrom(200, 206, 404, 500),
    interims: fc.nat(2),
    fields,
    body,
    cuts: fc.array(fc.nat(300), { maxLength: 4 }),
    trailer: fc.boolean(),
  })
  .map(({ framing, status, interims, fields: lines, body: text, cuts, trailer }) => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(interims);
    const head = (code: number, more: string) =>
      `${early}HTTP/1.1 ${code} Some Reason\r\n${lines.map(([key, word]) => `${key}: ${word}\r\n`).join("")}${more}\r\n`;
    const length = `Content-Length: ${text.length}\r\n`;
    const plain = { text, status, isHead: false, closes: false };
    if (framing === "length") return { ...plain, wire: head(status, length) + text };
    if (framing === "head") return { ...plain, wire: head(status, length), text: "", isHead: true };
    if (framing === "none") return { ...plain, wire: head(304, length), text: "", status: 304 };
    if (framing === "close") return { ...plain, wire: head(status, "") + text, closes: true };
    const places = [0, ...cuts.map((at) => Math.min(at, text.length)).sort((a, b) => a - b), text.length];
    const parts = places.slice(1).map((at, index) => text.slice(places[index], at));
    const chunks = parts.filter((part) => part !== "").map((part) => `${part.length.toString(16)};x=1\r\n${part}\r\n`);
    const last = `0\r\n${trailer ? "Digest: abc\r\n" : ""}\r\n`;
    return { ...plain, wire: `${head(status, "Transfer-Encoding: chunked\r\n")}${chunks.join("")}${last}` };
  });

/** Writes so that each piece is one read of the other side, as far as the kernel keeps them apart. */
async function writeInPieces({ socket }: RawConnection, wire: string, cuts: readonly number[]): Promise<void> {
  const places = [0, ...cuts.map((cut) => cut % (wire.length + 1)).sort((a, b) => a - b), wire.length];
  for (const [index, at] of places.slice(1).entries()) {
    if (at === places[index]) continue;
    await new Promise<void>((resolve) => socket.write(wire.slice(places[index], at), "latin1", () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const cuts = fc.array(fc.nat(2000), { maxLength: 12 });
const HEAD_REQUEST = GET.replace("GET", "HEAD");

test("answers are the same wherever the stream is cut, one after the other on kept connections", async () => {
  let next: { wire: string; cuts: readonly number[]; closes: boolean } | undefined;
  const raw = await bench.raw((connection) => {
    const { wire, cuts: places, closes } = next!;
    void writeInPieces(connection, wire, places).then(() => closes && connection.socket.end());
  });
  const target = bench.target({ url: raw.url });
  const property = fc.asyncProperty(answer, cuts, fc.boolean(), async (expected, places, carriesChunks) => {
    next = { wire: expected.wire, cuts: places, closes: expected.closes };
    const result = await send(target, expected.isHead ? HEAD_REQUEST : GET, { carriesChunks }).done;
    expect(result.failure).toBeUndefined();
    expect(result.status).toBe(expected.status);
    const isCarried = carriesChunks && result.exchange.bodyFraming === "chunked";
    if (isCarried) expect(expected.wire).toEndWith(`\r\n\r\n${result.text}`);
    else expect(result.text).toBe(expected.text);
    if (expected.wire.includes("Digest: ") && !isCarried) expect(result.trailers).toEqual({ digest: "abc" });
  });
  await fc.assert(property, { numRuns: RUNS });
}, 60_000);

test("an answer that stops anywhere before its end never looks whole", async () => {
  let next: { wire: string; cuts: readonly number[]; isReset: boolean } | undefined;
  const raw = await bench.raw((connection) => {
    const { wire, cuts: places, isReset } = next!;
    void writeInPieces(connection, wire, places).then(() =>
      isReset ? connection.socket.resetAndDestroy() : connection.socket.end(),
    );
  });
  const target = bench.target({ url: raw.url });
  const property = fc.asyncProperty(answer, cuts, fc.nat(), fc.boolean(), async (expected, places, stop, isReset) => {
    fc.pre(!expected.closes || isReset);
    const kept = stop % expected.wire.length;
    next = { wire: expected.wire.slice(0, kept), cuts: places, isReset };
    if (kept === 0) next.wire = "H";
    const result = await send(target, expected.isHead ? HEAD_REQUEST : GET).done;
    expect(result.looksWhole).toBe(false);
    expect(["closed", "reset"]).toContain(result.failure!.reason);
    expect(expected.text).toStartWith(result.text);
  });
  await fc.assert(property, { numRuns: RUNS });
}, 60_000);

test("any bytes at all end a request, one way or the other, and never twice", async () => {
  let next: { wire: string; cuts: readonly number[] } | undefined;
  const raw = await bench.raw((connection) => {
    const { wire, cuts: places } = next!;
    void writeInPieces(connection, wire, places).then(() => connection.socket.end());
  });
  const target = bench.target({ url: raw.url });
  const noise = fc.string({
    unit: fc.constantFrom(..."HTP/1.02 \r\n:;abcContent-LengthTransfer-Encodingchunked5\0"),
    maxLength: 200,
  });
  const twisted = fc.tuple(answer, fc.nat(), fc.nat(255)).map(([{ wire }, at, byte]) => {
    const place = at % wire.length;
    return wire.slice(0, place) + String.fromCharCode(byte) + wire.slice(place + 1);
  });
  const property = fc.asyncProperty(fc.oneof(noise, twisted), cuts, async (wire, places) => {
    next = { wire: wire === "" ? "\r" : wire, cuts: places };
    const result = await send(target).done;
    expect(result.isDone).toBe(true);
  });
  await fc.assert(property, { numRuns: RUNS });
  await target.stop({ graceMs: 0 });
  const { requests, answered, failed } = target.counts();
  expect(answered + failed).toBe(requests);
}, 60_000);
