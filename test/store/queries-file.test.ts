import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { Store } from "../../src/store/mod.ts";
import { QueriesFile } from "../../src/store/queries-file.ts";
import { QUERY_IDS_PER_MS, type QueryRow, type QuerySearch } from "../../src/store/types.ts";
import { HouseQueries } from "./simulate-queries.ts";
import { DAY_MS, HOUR_MS, newFolder, START_MS } from "./support.ts";

const LIMITS = { keepMs: 7 * DAY_MS, maxBytes: 64 * 2 ** 20 };
const id = (atMs: number) => atMs * QUERY_IDS_PER_MS;
const ALL: QuerySearch = { fromId: 0, beforeId: Number.MAX_SAFE_INTEGER, limit: 1000 };

function row(atMs: number, more: Partial<QueryRow> = {}): QueryRow {
  return {
    id: id(atMs),
    name: "www.example.org",
    client: "192.168.1.7",
    type: 65,
    verdict: 5,
    rcode: 3,
    transport: 2,
    isStale: true,
    latencyUs: 1500,
    upstream: "tls://192.0.2.53",
    lists: null,
    labels: 0,
    rule: null,
    ...more,
  };
}

function newFile(path = join(newFolder(), "queries.sqlite")): QueriesFile {
  return new QueriesFile(path);
}

const namesOf = (file: QueriesFile, search: Partial<QuerySearch> = {}) =>
  file.search({ ...ALL, ...search }).rows.map(({ name }) => name);

describe("stored queries", () => {
  test("are read as they were written, the newest first", () => {
    const file = newFile();
    const blocked = row(START_MS + 5, { verdict: 3, upstream: null, lists: "a,b", labels: 2, rule: "||x^$client=y" });
    const hidden = row(START_MS + 6, { name: null, client: null, upstream: null, isStale: false });
    file.write([row(START_MS), blocked, hidden], LIMITS);
    expect(file.search(ALL)).toEqual({ rows: [hidden, blocked, row(START_MS)], nextId: undefined });
  });

  const rows = [
    row(START_MS, { name: "ads.example", verdict: 3 }),
    row(START_MS + 1, { name: "www.example", client: "2001:db8::1" }),
    row(START_MS + 2, { name: "cdn.ads.example", verdict: 4, client: "192.168.1.8" }),
    row(START_MS + 3, { name: null }),
  ];
  for (const [what, search, expected] of [
    ["part of a name", { name: "ads" }, ["cdn.ads.example", "ads.example"]],
    ["a part that SQL gives a meaning to", { name: "%" }, []],
    ["clients", { clients: ["2001:db8::1", "192.168.1.8"] }, ["cdn.ads.example", "www.example"]],
    ["verdicts", { verdicts: (1 << 3) | (1 << 4) }, ["cdn.ads.example", "ads.example"]],
    ["name and verdict", { verdicts: 1 << 3, name: "ads" }, ["ads.example"]],
    ["time", { fromId: id(START_MS + 1), beforeId: id(START_MS + 3) }, ["cdn.ads.example", "www.example"]],
  ] as const) {
    test(`are found by ${what}`, () => {
      const file = newFile();
      file.write(rows, LIMITS);
      expect(namesOf(file, search)).toEqual([...expected]);
    });
  }

  test("come in pages", () => {
    const file = newFile();
    file.write(
      Array.from({ length: 25 }, (_, at) => row(START_MS + at, { name: `n${at}` })),
      LIMITS,
    );
    const seen: (string | null)[] = [];
    for (let beforeId: number | undefined = ALL.beforeId; beforeId !== undefined; ) {
      const { rows: page, nextId } = file.search({ ...ALL, beforeId, limit: 10 });
      seen.push(...page.map(({ name }) => name));
      beforeId = nextId;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, at) => `n${24 - at}`));
  });

  test("are searched in bounded pieces: what was looked at says where to go on", () => {
    const file = newFile();
    const many = new HouseQueries().rows(START_MS, START_MS + DAY_MS - 1, 70_000);
    file.write([row(START_MS - 1, { name: "needle" }), ...many], LIMITS);
    const first = file.search({ ...ALL, name: "needle" });
    expect([first.rows, first.nextId]).toEqual([[], many[20_000]!.id]);
    expect(namesOf(file, { name: "needle", beforeId: first.nextId! })).toEqual(["needle"]);
  });

  test("keep their texts over midnight and a restart, each stored once a day", () => {
    const path = join(newFolder(), "queries.sqlite");
    for (const atMs of [START_MS + DAY_MS - 2, START_MS + DAY_MS - 1, START_MS + DAY_MS, START_MS + DAY_MS + 1]) {
      const file = newFile(path);
      file.write([row(atMs)], LIMITS);
      file.close();
    }
    const file = newFile(path);
    expect(file.search(ALL).rows.map(({ name, client, upstream }) => [name, client, upstream])).toEqual(
      Array.from({ length: 4 }, () => ["www.example.org", "192.168.1.7", "tls://192.0.2.53"]),
    );
    file.close();
    expect(new Database(path).query("SELECT count(*) FROM texts").values()).toEqual([[6]]);
  });

  test("are deleted with their texts when they are too old, by whole hours", () => {
    const path = join(newFolder(), "queries.sqlite");
    const file = newFile(path);
    const limits = { ...LIMITS, keepMs: DAY_MS };
    for (let hour = 0; hour <= 50; hour++) file.write([row(START_MS + hour * HOUR_MS, { name: `h${hour}` })], limits);
    expect(namesOf(file).at(-1)).toBe("h26");
    file.close();
    expect(new Database(path).query("SELECT min(id) >> 20 FROM texts").values()).toEqual([[START_MS / DAY_MS + 1]]);
  });

  test("are deleted by whole hours when the file would become too large", () => {
    const file = newFile();
    const house = new HouseQueries();
    const limits = { ...LIMITS, maxBytes: 2 ** 20 };
    let most = 0;
    for (let hour = 0; hour < 30; hour++) {
      file.write(house.rows(START_MS + hour * HOUR_MS, START_MS + (hour + 1) * HOUR_MS, 4000), limits);
      most = Math.max(most, file.search({ ...ALL, limit: 1e6 }).rows.length);
    }
    expect(most).toBeGreaterThan(12_000);
    expect(most).toBeLessThan(40_000);
  });

  test("give their space back when much less of them is to be kept", () => {
    const path = join(newFolder(), "queries.sqlite");
    const file = newFile(path);
    const house = new HouseQueries();
    const days = [0, 1, 2].map((day) => START_MS + day * DAY_MS);
    for (const dayMs of days.slice(0, 2)) file.write(house.rows(dayMs, dayMs + DAY_MS, 50_000), LIMITS);
    file.write(house.rows(days[2]!, days[2]! + HOUR_MS, 100), { ...LIMITS, keepMs: HOUR_MS });
    file.close();
    expect(statSync(path).size).toBeLessThan(1_000_000);
    expect(newFile(path).search({ ...ALL, limit: 10_000 }).rows.length).toBeGreaterThanOrEqual(100);
  });

  test("of a future that a wrong clock made are deleted when the clock is right", () => {
    const file = newFile();
    file.write([row(START_MS + 400 * DAY_MS, { name: "future" })], LIMITS);
    file.write([row(START_MS, { name: "now" })], LIMITS);
    expect(namesOf(file)).toEqual(["now"]);
  });

  test("are counted by hour: verdicts, clients, and the names of one verdict and of the others", () => {
    const file = newFile();
    file.write(
      [
        row(START_MS, { verdict: 3, name: "ads.example" }),
        row(START_MS + 1, { verdict: 3, name: "ads.example", client: "192.168.1.8" }),
        row(START_MS + 2, { verdict: 4, name: "www.example" }),
        row(START_MS + HOUR_MS, { verdict: 0, name: null }),
      ],
      LIMITS,
    );
    expect(file.hours(START_MS, 3)).toEqual([
      {
        hour: START_MS / HOUR_MS,
        verdicts: [0, 0, 0, 2, 1],
        clients: [
          { key: "192.168.1.7", count: 2, marked: 1 },
          { key: "192.168.1.8", count: 1, marked: 1 },
        ],
        marked: [{ key: "ads.example", count: 2, marked: 2 }],
        others: [{ key: "www.example", count: 1, marked: 0 }],
      },
      {
        hour: START_MS / HOUR_MS + 1,
        verdicts: [1],
        clients: [{ key: "192.168.1.7", count: 1, marked: 0 }],
        marked: [],
        others: [],
      },
    ]);
    expect(file.hours(START_MS + HOUR_MS, 3).length).toBe(1);
  });

  test("are gone when cleared, from the disk too", () => {
    const path = join(newFolder(), "queries.sqlite");
    const file = newFile(path);
    file.write([row(START_MS, { name: "secret.example" })], LIMITS);
    file.clear();
    expect(namesOf(file)).toEqual([]);
    const { stdout } = spawnSync("grep", ["-c", "secret.example", path, `${path}-wal`], { encoding: "utf8" });
    expect(stdout).not.toMatch(/:[1-9]/);
    file.write([row(START_MS, { name: "next.example" })], LIMITS);
    expect(namesOf(file)).toEqual(["next.example"]);
  });

  test("pass through the store's thread", async () => {
    const store = new Store({ folder: newFolder() });
    expect(await store.queries.add([row(START_MS)], LIMITS)).toBe(true);
    expect((await store.queries.search(ALL)).rows).toEqual([row(START_MS)]);
    expect((await store.queries.hours(START_MS, 3)).length).toBe(1);
    expect(await store.queries.clear()).toBe(true);
    await store.stop();
    expect(await store.queries.add([row(START_MS)], LIMITS)).toBe(false);
    expect(await store.queries.search(ALL)).toEqual({ rows: [], nextId: undefined });
  });

  test("of a day with 60 000 write at most 20 MB, also when as many are deleted", () => {
    const program = [join(import.meta.dirname, "simulate-queries.ts"), newFolder(), "2", "60000", "300", "1"];
    const { stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8", timeout: 60_000 });
    expect(stderr).toBe("");
    const { perDay } = JSON.parse(stdout) as { perDay: { diskBytes: number; writeCallBytes: number }[] };
    expect(perDay.length).toBe(2);
    for (const { diskBytes, writeCallBytes } of perDay) {
      expect(Math.max(diskBytes, writeCallBytes)).toBeGreaterThan(4_000_000);
      expect(Math.max(diskBytes, writeCallBytes)).toBeLessThan(20_000_000);
    }
  });
});
