import { describe, expect, test } from "bun:test";
import { AnswerReader, AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { answer, nameBytesOf, query, read } from "./questions.ts";

const NOW = 1_800_000_000;
const out = new Uint8Array(65_536);

function ask(
  reader: AnswerReader,
  name: string,
  nowSeconds = NOW,
  { variant = 0, room = out.length, id = 7 } = {},
): number {
  return reader.find(query(name, id), 0, nameBytesOf(name), variant, nowSeconds, out, 0, room);
}

function writer(bytes = 65_536, options = {}): AnswerWriter {
  return new AnswerWriter(new SharedArrayBuffer(bytes), { seed: 99, ...options });
}

describe("stored answers", () => {
  test("an answer is found by its question, in any case, and spells the name as it was asked", () => {
    const store = writer();
    expect(ask(store, "a.example")).toBe(0);
    store.put(answer("a.example", 300, 5), NOW);
    const length = ask(store, "A.eXample", NOW, { id: 0xabcd });
    expect(length).toBe(answer("a.example", 300, 5).length);
    expect([out[0], out[1]]).toEqual([0xab, 0xcd]);
    expect(read(out, "a.example")).toEqual({ last: 5, ttl: 300, name: `A\u0007eXample` });
  });

  test("another type, class or variant is another question", () => {
    const store = writer();
    store.put(answer("a.example", 300, 5), NOW);
    expect(ask(store, "a.example", NOW, { variant: 1 })).toBe(0);
    const other = query("a.example");
    other[other.length - 3] = 28;
    expect(store.find(other, 0, nameBytesOf("a.example"), 0, NOW, out, 0, out.length)).toBe(0);
    expect(ask(store, "b.example")).toBe(0);
  });

  test("the query's RD is told back, not the one that was stored", () => {
    const store = writer();
    store.put(answer("a.example", 300, 5), NOW);
    const without = query("a.example");
    without[2] = 0;
    store.find(without, 0, nameBytesOf("a.example"), 0, NOW, out, 0, out.length);
    expect(out[2]).toBe(0x80);
  });

  test("TTLs shrink as time passes", () => {
    const store = writer();
    store.put(answer("a.example", 300, 5), NOW);
    ask(store, "a.example", NOW + 100);
    expect(read(out, "a.example").ttl).toBe(200);
    expect(store.isStale).toBe(false);
  });

  test("a clock that goes back lengthens no TTL", () => {
    const store = writer();
    store.put(answer("a.example", 300, 5), NOW);
    ask(store, "a.example", NOW - 5000);
    expect(read(out, "a.example").ttl).toBe(300);
  });

  test("past its TTL an answer is stale: given with a short TTL and asked for anew, until it is too old", () => {
    const store = writer(65_536, { staleSeconds: 1000, staleTtlSeconds: 30 });
    store.put(answer("a.example", 300, 5), NOW);
    expect(ask(store, "a.example", NOW + 300)).toBeGreaterThan(0);
    expect([store.isStale, store.wantsRefresh, read(out, "a.example").ttl]).toEqual([true, true, 30]);
    expect(ask(store, "a.example", NOW + 1299)).toBeGreaterThan(0);
    expect(ask(store, "a.example", NOW + 1300)).toBe(0);
  });

  test("a refresh is asked for once in ten seconds", () => {
    const store = writer();
    store.put(answer("a.example", 300, 5), NOW);
    const wanted = [301, 302, 310, 311, 312].map((second) => {
      ask(store, "a.example", NOW + second);
      return store.wantsRefresh;
    });
    expect(wanted).toEqual([true, false, false, true, false]);
  });

  test("a popular answer is asked for anew in the last tenth of its TTL, another is not", () => {
    const store = writer(65_536, { prefetchHits: 3 });
    store.put(answer("popular.example", 300, 5), NOW);
    store.put(answer("rare.example", 300, 5), NOW);
    for (let hit = 0; hit < 3; hit++) {
      ask(store, "popular.example", NOW + 269);
      expect(store.wantsRefresh).toBe(false);
    }
    ask(store, "popular.example", NOW + 270);
    expect([store.wantsRefresh, store.isStale]).toEqual([true, false]);
    ask(store, "rare.example", NOW + 299);
    expect(store.wantsRefresh).toBe(false);
  });

  test("an answer that needs more room says how much, and writes nothing", () => {
    const store = writer();
    const long = answer("a.example", 300, 5, 600);
    store.put(long, NOW);
    out.fill(77, 0, 700);
    expect(ask(store, "a.example", NOW, { room: 512 })).toBe(-long.length);
    expect(out.subarray(0, 700).every((byte) => byte === 77)).toBe(true);
    expect(ask(store, "a.example", NOW, { room: long.length })).toBe(long.length);
  });

  test("a newer answer takes the place of the older; a removed one is gone", () => {
    const store = writer();
    store.put(answer("a.example", 300, 5), NOW);
    store.put(answer("A.example", 300, 6), NOW);
    expect(store.count).toBe(1);
    ask(store, "a.example");
    expect(read(out, "a.example").last).toBe(6);
    expect(store.remove(query("a.EXAMPLE"), 12, nameBytesOf("a.example"), 0)).toBe(true);
    expect([ask(store, "a.example"), store.count]).toEqual([0, 0]);
  });

  test("what is longer than an eighth of the store is not kept", () => {
    const store = writer(8192);
    expect(store.put(answer("a.example", 300, 5, 1000), NOW)).toBe(false);
    expect(store.put(answer("a.example", 300, 5, 700), NOW)).toBe(true);
  });

  test("whether an answer leads to other names is told with it, also after it was moved", () => {
    const store = writer(8192);
    store.put({ ...answer("led.example", 300, 5), leadsElsewhere: true }, NOW);
    store.put(answer("plain.example", 300, 5), NOW);
    const told = ["led.example", "plain.example"].map((name) => ask(store, name) > 0 && store.leadsElsewhere);
    expect(told).toEqual([true, false]);
    for (let index = 0; index < 200 && ask(store, "led.example") > 0; index++) {
      store.put(answer(`n${index}.example`, 300, 5), NOW);
      ask(store, "led.example");
      expect(store.leadsElsewhere).toBe(true);
    }
    store.each(({ bytes, leadsElsewhere }) => expect(leadsElsewhere).toBe(bytes[13] === "l".charCodeAt(0)));
  });

  test("readers of the same memory find what the writer stored, by its secret", () => {
    const store = writer();
    store.put(answer("a.example", 300, 5), NOW);
    expect(ask(new AnswerReader(store.buffer), "a.example")).toBeGreaterThan(0);
  });

  test("what is asked for outlives what is not", () => {
    const store = writer(65_536);
    store.put(answer("popular.example", 86_400, 1), NOW);
    store.put(answer("rare.example", 86_400, 2), NOW);
    for (let index = 0; index < 20_000; index++) {
      store.put(answer(`n${index}.example`, 86_400, index), NOW);
      if (index % 50 === 0) ask(store, "popular.example");
    }
    expect(store.evicted).toBeGreaterThan(15_000);
    expect(ask(store, "popular.example")).toBeGreaterThan(0);
    expect(ask(store, "rare.example")).toBe(0);
  });

  test("each stored answer is listed once, with its age", () => {
    const store = writer();
    for (let index = 0; index < 50; index++) store.put(answer(`n${index % 40}.example`, 300, index), NOW + index);
    const listed: [number, number][] = [];
    store.each(({ bytes, length }, storedAt) => listed.push([bytes[length - 1]!, storedAt - NOW]));
    expect(listed).toEqual(Array.from({ length: 40 }, (_, index) => [index + 10, index + 10]));
    expect(store.count).toBe(40);
    store.clear();
    expect([store.count, ask(store, "n5.example")]).toEqual([0, 0]);
  });
});

describe("against a plain map", () => {
  for (const [bytes, lastPosition] of [
    [4096, 40_000],
    [16_384, 2 ** 31 - 1],
    [262_144, 2 ** 31 - 1],
  ] as const) {
    test(`${bytes} bytes: never another's answer, never an old one, and the count is right`, () => {
      const store = writer(bytes, { lastPosition });
      const plain = new Map<string, number>();
      let state = 12_345;
      const random = (below: number) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 8) % below;
      };
      let found = 0;
      for (let step = 0; step < 30_000; step++) {
        const name = `n${random(400)}.example`;
        const kind = random(10);
        if (kind < 5) {
          store.put(answer(name, 1000, step & 0xffff, random(100)), NOW);
          plain.set(name, step & 0xffff);
        } else if (kind === 5) {
          store.remove(query(name), 12, nameBytesOf(name), 0);
          plain.delete(name);
        } else if (ask(store, name) > 0) {
          found += 1;
          if (read(out, name).last !== plain.get(name)) throw new Error(`${name} at step ${step}`);
        }
      }
      let listed = 0;
      store.each(() => {
        listed += 1;
      });
      expect(listed).toBe(store.count);
      expect(found).toBeGreaterThan(100);
    });
  }

  test("without eviction all is found", () => {
    const store = writer(1024 * 1024);
    for (let index = 0; index < 4000; index++) store.put(answer(`n${index}.example`, 1000, index), NOW);
    let missing = 0;
    for (let index = 0; index < 4000; index++) if (ask(store, `n${index}.example`) <= 0) missing += 1;
    expect([missing, store.evicted]).toEqual([0, 0]);
  });
});
