import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeldBytes, TunnelTalk } from "../../src/net/dial/tunnel.ts";
import type { RawSocket, SocketEvents } from "../../src/net/socket-events.ts";
import { httpConnectDialogue, socks5Dialogue } from "../../src/wire/mod.ts";

/** A socket that takes so many bytes at a time. */
class Slow {
  data: SocketEvents | undefined;
  readonly taken: number[] = [];
  readonly #atOnce: number;
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }
  write(bytes: Uint8Array): number {
    if (this.#atOnce === 0) return -1;
    this.taken.push(...bytes.subarray(0, this.#atOnce));
    return Math.min(bytes.length, this.#atOnce);
  }
}

const target = { host: "echo.test", port: 7 };
const credentials = { username: "me", password: "x".repeat(200) };
const kinds = { socks5: socks5Dialogue, http: httpConnectDialogue };

test.each(["socks5", "http"] as const)("what the kernel does not take of %s's request at once follows", (kind) => {
  const whole = kinds[kind](target, credentials).hello;
  const socket = new Slow(1);
  const ends = { open: () => {}, refused: () => {} };
  const talk = new TunnelTalk(socket as unknown as RawSocket, kinds[kind](target, credentials), ends);
  for (let turn = 0; turn < whole.length + 3; turn++) talk.writable();
  expect(socket.taken).toEqual([...whole]);
});

const anyWords = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .constantFrom(
      ...[
        "\x05\x00",
        "\x05\x02",
        "\x05\xff",
        "\x01\x00",
        "\x01\x01",
        "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x07",
        "\x05\x05",
      ],
      ...[
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 100 Wait\r\n\r\n",
        "HTTP/1.1 407 Who\r\n\r\n",
        "HTTP/1",
        "\r\n",
        "\r\n\r\n",
      ],
    )
    .map((text) => Buffer.from(text, "latin1")),
);
type Event = Uint8Array | "writable" | "peerFinished" | "gone" | "failed";
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: anyWords },
  { weight: 1, arbitrary: fc.constantFrom("writable", "peerFinished", "gone", "failed") },
);

test("whatever a proxy says or does, the talk ends once at most, and nothing is thrown", () => {
  let opens = 0;
  let refusals = 0;
  fc.assert(
    fc.property(fc.constantFrom("socks5", "http"), fc.nat({ max: 2 }), fc.array(anyEvent), (kind, atOnce, events) => {
      let ended = 0;
      const talk = new TunnelTalk(new Slow(atOnce * 500) as unknown as RawSocket, kinds[kind](target, credentials), {
        open: () => {
          ended += 1;
          opens += 1;
        },
        refused: (cause) => {
          ended += 1;
          refusals += 1;
          expect(cause.message).not.toContain("xxx");
        },
      });
      for (const event of events) {
        if (event === "failed") talk.failed(new Error("broken"));
        else if (typeof event === "string") talk[event]();
        else talk.received(event);
      }
      expect(ended).toBeLessThanOrEqual(1);
    }),
    { numRuns: 8_000 },
  );
  expect([opens > 0, refusals > 0]).toEqual([true, true]);
});

test("what is held comes first, in order, before an end that follows in the same turn", () => {
  const told: string[] = [];
  const next: SocketEvents = {
    received: (bytes) => told.push(new TextDecoder().decode(bytes)),
    writable: () => told.push("writable"),
    peerFinished: () => told.push("peerFinished"),
    gone: () => told.push("gone"),
    failed: () => told.push("failed"),
    secured: () => {},
  };
  const socket = new Slow(0);
  const borrowed = Buffer.from("one");
  new HeldBytes(socket as unknown as RawSocket, next, borrowed);
  borrowed.fill(0); // the chunk is the runtime's again
  socket.data!.received(Buffer.from("two"));
  socket.data!.writable();
  expect(told).toEqual(["writable"]);
  socket.data!.peerFinished();
  expect(told).toEqual(["writable", "one", "two", "peerFinished"]);
  expect(socket.data).toBe(next);
});
