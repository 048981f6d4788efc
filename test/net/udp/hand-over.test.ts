import { describe, expect, test } from "bun:test";
import { HandOver } from "../../../src/net/udp/hand-over.ts";

const NOTHING = new Uint8Array(0);

function push(ring: HandOver, text: string, socket = 0): boolean {
  const bytes = Buffer.from(text);
  const peer = Uint8Array.of(1, 2, 3);
  return ring.push(socket, peer, 1, 2, NOTHING, 0, 0, bytes, 0, bytes.length, socket + 1);
}

function drained(ring: HandOver): string[] {
  const texts: string[] = [];
  ring.drain(({ bytes, peer, socket, note }) => {
    expect(note).toBe(socket + 1);
    expect([...peer]).toEqual([2, 3]);
    texts.push(`${socket}:${Buffer.from(bytes).toString()}`);
  });
  return texts;
}

describe("the ring of datagrams between threads", () => {
  test("gives them out in order, once", () => {
    const ring = new HandOver(HandOver.make(256));
    expect([push(ring, "a"), push(ring, "bc", 3)]).toEqual([true, true]);
    expect(drained(ring)).toEqual(["0:a", "3:bc"]);
    expect(drained(ring)).toEqual([]);
  });

  test("asks for one call until its reader has looked", () => {
    const ring = new HandOver(HandOver.make(256));
    expect([ring.needsCall(), ring.needsCall()]).toEqual([true, false]);
    drained(ring);
    expect(ring.needsCall()).toBe(true);
  });

  test("refuses what it has no room for, and takes it later", () => {
    const ring = new HandOver(HandOver.make(60));
    expect([push(ring, "x".repeat(20)), push(ring, "y".repeat(8))]).toEqual([true, false]);
    expect(drained(ring)).toHaveLength(1);
    expect(push(ring, "y".repeat(8))).toBe(true);
  });

  test("a reader that throws has taken what it threw at", () => {
    const ring = new HandOver(HandOver.make(256));
    push(ring, "a");
    push(ring, "b");
    expect(() =>
      ring.drain(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(drained(ring)).toEqual(["0:b"]);
  });

  for (const size of [64, 100, 128, 1024]) {
    test(`agrees with a list, whatever fits into ${size} bytes`, () => {
      const ring = new HandOver(HandOver.make(size & ~3));
      const list: string[] = [];
      let state = size;
      const random = (below: number) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 8) % below;
      };
      let pushed = 0;
      for (let step = 0; step < 20_000; step++) {
        const text = `${step}`.padEnd(random(size / 3), "+");
        if (random(3) > 0) {
          if (push(ring, text, step & 7)) list.push(`${step & 7}:${text}`);
        } else {
          const got = drained(ring);
          pushed += got.length;
          if (got.join() !== list.splice(0).join()) throw new Error(`step ${step}`);
        }
      }
      expect(pushed).toBeGreaterThan(5000);
    });
  }
});
