import { expect, test } from "bun:test";
import fc from "fast-check";
import { WriteQueue } from "../../src/net/connection/write-queue.ts";
import { COUNTS_PER_ROW, Count, CountRows, placeOfClose } from "../../src/net/counts.ts";
import { AddressSketch, SKETCH_BYTES } from "../../src/net/loop/address-sketch.ts";
import { internetAddress } from "../../src/net/socket-address.ts";

test("a write queue gives back exactly what was appended, whatever the order of appends and consumes", () => {
  const step = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 5000 }),
    fc.nat(6000).map((count) => count),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.array(step, { maxLength: 40 }), (first, steps) => {
      const queue = new WriteQueue(first);
      let model = Buffer.from(first);
      for (const each of steps) {
        if (typeof each === "number") {
          const count = Math.min(each, model.length);
          queue.consume(count);
          model = model.subarray(count);
        } else {
          queue.append(each);
          model = Buffer.concat([model, each]);
        }
        expect(queue.length).toBe(model.length);
        expect(Buffer.compare(queue.waiting(), model)).toBe(0);
      }
    }),
    { numRuns: 300 },
  );
});

test("the address sketch never counts too low, and exactly while few addresses are open", () => {
  const event = fc.record({ address: fc.nat(30), worker: fc.nat(1), leave: fc.boolean() });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), fc.integer(), (events, salt) => {
      const buffer = new ArrayBuffer(SKETCH_BYTES * 2);
      const sketches = [new AddressSketch(buffer, 0, salt), new AddressSketch(buffer, 1, salt)] as const;
      const open = new Map<string, number>();
      for (const { address, worker, leave } of events) {
        const text = `10.0.0.${address}`;
        const key = `${text} ${worker}`;
        if (leave && !open.get(key)) continue;
        sketches[worker as 0 | 1].add(text, leave ? -1 : 1);
        open.set(key, (open.get(key) ?? 0) + (leave ? -1 : 1));
        const truth = (open.get(`${text} 0`) ?? 0) + (open.get(`${text} 1`) ?? 0);
        expect(sketches[0].count(text)).toBe(truth);
      }
    }),
    { numRuns: 100 },
  );
});

test("with ten thousand addresses open, the sketch is off by one or two for a stranger", () => {
  const sketch = new AddressSketch(new ArrayBuffer(SKETCH_BYTES), 0, 12345);
  for (let index = 0; index < 10_000; index++) sketch.add(`10.${index >> 8}.${index & 255}.7`, 1);
  let worst = 0;
  for (let index = 0; index < 1000; index++)
    worst = Math.max(worst, sketch.count(`192.168.${index >> 8}.${index & 255}`));
  expect(worst).toBeLessThanOrEqual(6);
});

test("a crashed worker's connections become closed ones: accepted = active + closed stays true", () => {
  const rows = CountRows.shared(2);
  rows.row(1)[Count.active] = 7;
  rows.row(1)[Count.accepted] = 9;
  rows.row(1)[placeOfClose("peer")] = 2;
  rows.buryWorker(1);
  const counts = rows.read();
  expect(counts).toMatchObject({ active: 0, accepted: 9, closed: { peer: 2, "worker-crash": 7 } });
});

test("each worker's counts are those of its own row", () => {
  const rows = CountRows.shared(2);
  for (let place = 0; place < COUNTS_PER_ROW; place++) rows.row(1)[place] = 100 + place;
  const { active, reads, bytesRead, bytesWritten, writeQueueBytes } = Count;
  const at = { active, reads, bytesRead, bytesWritten, writeQueueBytes };
  const told = (base: number) => Object.fromEntries(Object.entries(at).map(([name, place]) => [name, base + place]));
  const none = { active: 0, reads: 0, bytesRead: 0, bytesWritten: 0, writeQueueBytes: 0 };
  expect(rows.readEach() as unknown[]).toEqual([none, told(100)]);
});

test("every count has slots of its own", () => {
  const rows = CountRows.shared(1);
  for (let place = 0; place < COUNTS_PER_ROW; place++) rows.row(0)[place] = 100 + place;
  const { rejected, closed, lifetimes, firstBytes, ...plain } = rows.read();
  const histograms = [lifetimes, firstBytes].flatMap(({ counts, sumSeconds }) => [...counts, sumSeconds]);
  const all = [...Object.values(plain), ...Object.values(rejected), ...Object.values(closed), ...histograms];
  expect(all.every((value) => value >= 100)).toBe(true);
  expect(new Set(all).size).toBe(all.length);
});

test.each([
  ["127.0.0.1", 80, "020000507f0000010000000000000000"],
  ["::1", 443, `0a0001bb00000000${"00".repeat(15)}0100000000`],
  ["2001:db8::ff00:42:8329", 1, `0a0000010000000020010db80000000000 00ff0000428329 00000000`.replaceAll(" ", "")],
  ["::ffff:10.1.2.3", 1, `0a00000100000000${"00".repeat(10)}ffff0a01020300000000`],
  ["fe80::1%3", 1, `0a00000100000000fe80${"00".repeat(13)}0103000000`],
])("%s:%p becomes the kernel's address", (address, port, hex) => {
  expect(Buffer.from(internetAddress(address, port).bytes).toString("hex")).toBe(hex);
});

test.each([
  ["fe80::1%lo", 1],
  ["fe80::1%1", 1],
  ["fe80::1%no-such", 0],
  ["fe80::1", 0],
])("the zone of %s is interface %i", (address, number) => {
  const { bytes } = internetAddress(address, 80);
  expect(new DataView(bytes.buffer).getUint32(24, true)).toBe(number);
});
