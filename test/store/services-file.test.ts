import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ServicesFile } from "../../src/store/services-file.ts";
import type { ServicesWrite } from "../../src/store/types.ts";
import { DAY_MS, HOUR_MS, newFolder, START_MS } from "./support.ts";

const WRITE: ServicesWrite = { aliveMs: START_MS, changes: [], hours: [], days: [], maxChanges: 100 };
const newFile = () => new ServicesFile(join(newFolder(), "services.sqlite"));
const change = (service: string, atMs: number, state = "up") => ({ service, atMs, state, reason: null });
const times = (service: string, key: number, up: number, down = 0) => ({ service, key, times: [up, 0, down, 0, 0] });

describe("stored services", () => {
  test("are none in a new file", () => {
    expect(newFile().read(10)).toBeUndefined();
  });

  test("are read as they were written, with the oldest change first", () => {
    const path = join(newFolder(), "services.sqlite");
    const file = new ServicesFile(path);
    const down = { service: "git", atMs: START_MS + 5, state: "down", reason: "nothing listens" };
    file.write({
      ...WRITE,
      changes: [change("git", START_MS), down, change("nas", START_MS)],
      hours: [times("git", 7, 1000, 2000), times("git", 8, 5)],
      days: [times("nas", 20_000, 86_400_000)],
    });
    file.write({ ...WRITE, aliveMs: START_MS + 9 });
    file.close();
    expect(new ServicesFile(path).read(10)).toEqual({
      aliveMs: START_MS + 9,
      services: [
        {
          name: "git",
          changes: [
            { atMs: START_MS, state: "up", reason: null },
            { atMs: START_MS + 5, state: "down", reason: "nothing listens" },
          ],
          hours: new Float64Array([7, 1000, 0, 2000, 0, 0, 8, 5, 0, 0, 0, 0]),
          days: new Float64Array(),
        },
        {
          name: "nas",
          changes: [{ atMs: START_MS, state: "up", reason: null }],
          hours: new Float64Array(),
          days: new Float64Array([20_000, 86_400_000, 0, 0, 0, 0]),
        },
      ],
    });
  });

  test("keep the newest changes of each, and sums that only grow", () => {
    const file = newFile();
    const changes = Array.from({ length: 30 }, (_, at) => change("git", START_MS + at, at % 2 === 0 ? "up" : "down"));
    file.write({ ...WRITE, changes, maxChanges: 10, hours: [times("git", 7, 1000, 30)] });
    file.write({ ...WRITE, hours: [times("git", 7, 500, 40)] });
    const [git] = file.read(100)!.services;
    expect(git!.changes.map(({ atMs }) => atMs - START_MS)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
    expect([...git!.hours]).toEqual([7, 1000, 0, 40, 0, 0]);
    expect(file.read(3)!.services[0]!.changes.length).toBe(3);
  });

  test("forget what is old, but the last change of each service; and services that are gone", () => {
    const file = newFile();
    const days = [times("git", 100, 1), times("git", 101, 2), times("gone", 101, 3)];
    file.write({ ...WRITE, changes: [change("git", 1), change("git", 2), change("gone", 3)], days, hours: days });
    file.write({ ...WRITE, forget: { beforeMs: START_MS, hour: 101, day: 101, services: ["gone", "never"] } });
    expect(file.read(10)!.services).toEqual([
      {
        name: "git",
        changes: [{ atMs: 2, state: "up", reason: null }],
        hours: new Float64Array([101, 2, 0, 0, 0, 0]),
        days: new Float64Array([101, 2, 0, 0, 0, 0]),
      },
    ]);
  });

  test("have the history of their old name under the new one, unless that has one", () => {
    const file = newFile();
    file.write({ ...WRITE, changes: [change("git", 1), change("nas", 2)] });
    const renames = [["git", "code"], ["nas", "code"], ["never", "git"]] as const; // biome-ignore format: one line
    file.write({ ...WRITE, renames, changes: [change("code", 3, "down")] });
    expect(file.read(10)!.services.map(({ name, changes }) => [name, changes.length])).toEqual([["code", 2], ["nas", 1]]); // biome-ignore format: one line
  });

  test("drop what a wrong clock made", () => {
    const file = newFile();
    const changes = [change("git", START_MS), change("git", START_MS + DAY_MS)];
    file.write({ ...WRITE, changes, days: [times("git", 5, 1), times("git", 6, 1)] });
    file.write({ ...WRITE, rewind: { afterMs: START_MS + HOUR_MS, hour: 0, day: 5 } });
    const [git] = file.read(10)!.services;
    expect([git!.changes.length, [...git!.days]]).toEqual([1, [5, 1, 0, 0, 0, 0]]);
  });

  test("can be read by any program: names and states are texts", () => {
    const path = join(newFolder(), "services.sqlite");
    const file = new ServicesFile(path);
    file.write({ ...WRITE, changes: [change("git", START_MS, "degraded")] });
    file.close();
    const query = "SELECT name, state FROM changes JOIN services ON id = service";
    expect(new Database(path, { readonly: true }).query(query).values()).toEqual([["git", "degraded"]]);
  });
});
