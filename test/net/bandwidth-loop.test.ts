import { expect, test } from "bun:test";
import { Bandwidth, type Paced } from "../../src/net/bandwidth/mod.ts";
import { Count, CountRows } from "../../src/net/counts.ts";

const OFF = { readBytesPerSecond: 0, writeBytesPerSecond: 0, totalReadBytesPerSecond: 0, totalWriteBytesPerSecond: 0 };

function clockAt(nowMs: number): { nowMs: number; ticked: ((nowMs: number) => void) | undefined } {
  return { nowMs, ticked: undefined };
}

function reader(descriptor: number): Paced {
  return { descriptor, readAgain() {}, writeAgain() {} };
}

test("nothing ticks and nothing must be asked while nothing is limited", () => {
  const clock = clockAt(0);
  const bandwidth = new Bandwidth(() => {});
  bandwidth.update(OFF, clock);
  expect([bandwidth.reading, bandwidth.writing, clock.ticked]).toEqual([false, false, undefined]);
  bandwidth.update({ ...OFF, totalReadBytesPerSecond: 5 }, clock);
  expect([bandwidth.reading, bandwidth.writing, typeof clock.ticked]).toEqual([true, false, "function"]);
  bandwidth.update(OFF, clock);
  expect([bandwidth.reading, clock.ticked]).toEqual([false, undefined]);
});

test("what the kernel keeps unread is a quarter of a second's worth, of those that are read, and follows the rate", () => {
  const told: [number, number][] = [];
  const clock = clockAt(0);
  const bandwidth = new Bandwidth((descriptor, bytes) => told.push([descriptor, bytes]));
  const [first, second] = [reader(7), reader(8)];
  bandwidth.update({ ...OFF, readBytesPerSecond: 100_000, totalReadBytesPerSecond: 400_000 }, clock);
  const pace = bandwidth.joinReads(first, 0);
  bandwidth.joinReads(second, 0);
  expect(told.splice(0)).toEqual([
    [7, 25_000],
    [8, 25_000],
  ]);
  bandwidth.leave(first, pace, undefined);
  bandwidth.update({ ...OFF, readBytesPerSecond: 100 }, clock);
  bandwidth.update({ ...OFF, readBytesPerSecond: 200 }, clock);
  expect(told.splice(0)).toEqual([[8, 4096]]);
  bandwidth.update({ ...OFF, readBytesPerSecond: 50_000_000 }, clock);
  expect(told.splice(0)).toEqual([[8, 0]]);
  bandwidth.update({ ...OFF, readBytesPerSecond: 100_000 }, clock);
  bandwidth.update(OFF, clock);
  expect(told).toEqual([
    [8, 25_000],
    [8, 0],
  ]);
});

test("event loops divide the rate in all by their open connections, and the parts are the whole", () => {
  const rows = CountRows.shared(3);
  for (const [index, active] of [6, 0, 2].entries()) rows.row(index)[Count.active] = active;
  expect([0, 2].map((index) => rows.shareOfActive(index))).toEqual([0.75, 0.25]);
  expect(rows.shareOfActive(1)).toBeCloseTo(1 / 9);
  expect(new CountRows(1).shareOfActive(0)).toBe(1);
  const moved = [0, 2].map((index) => {
    const clock = clockAt(0);
    const bandwidth = new Bandwidth(
      () => {},
      () => rows.shareOfActive(index),
    );
    bandwidth.update({ ...OFF, totalReadBytesPerSecond: 100_000 }, clock);
    const pace = bandwidth.reads.join(reader(1), 0);
    let bytes = 0;
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 50) {
      clock.ticked?.(nowMs);
      const room = bandwidth.reads.room(pace, nowMs);
      bandwidth.reads.used(pace, room, nowMs);
      bandwidth.reads.wait(pace);
      bytes += room;
    }
    return bytes / 10;
  });
  expect(moved[0]! / moved[1]!).toBeCloseTo(3, 1);
  expect(moved[0]! + moved[1]!).toBeGreaterThan(98_000);
  expect(moved[0]! + moved[1]!).toBeLessThan(102_000);
});
