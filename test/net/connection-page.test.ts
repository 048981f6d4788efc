import { describe, expect, test } from "bun:test";
import { joinedPages, pageOfConnections } from "../../src/net/connection-page.ts";
import { type ConnectionInfo, listen } from "../../src/net/mod.ts";
import { Client, until } from "./support.ts";

const HANDLER = new URL("./asked-handler.ts", import.meta.url);

const info = (id: number): ConnectionInfo => ({
  id,
  worker: id % 2,
  remoteAddress: id % 2 === 0 ? "192.0.2.7" : "2001:db8::7",
  remotePort: 40_000 + id,
  wireAddress: "10.0.0.1",
  ageMs: 1000 - id,
  idleMs: id * 10,
  bytesRead: (id * 7919) % 1000,
  bytesWritten: 5,
  queuedBytes: 0,
  rttMs: undefined,
  tls: undefined,
});
const all = Array.from({ length: 1000 }, (_, id) => info(id));

describe("a page of connections", () => {
  const ids = (query: Parameters<typeof pageOfConnections>[1]) =>
    pageOfConnections(all, query).rows.map(({ id }) => id);

  test("is sorted by what is asked for, the largest first unless the other way", () => {
    expect(ids({ limit: 3 })).toEqual([0, 1, 2]);
    expect(ids({ sort: "age", descending: false, limit: 2 })).toEqual([999, 998]);
    expect(ids({ sort: "idle", offset: 10, limit: 2 })).toEqual([989, 988]);
    const read = pageOfConnections(all, { sort: "read", limit: 1000 }).rows.map(({ bytesRead }) => bytesRead);
    expect(read).toEqual([...read].sort((a, b) => b - a));
    expect(ids({ offset: 5000 })).toEqual([]);
  });

  test("has equal ones in the order of their ids", () => {
    for (const descending of [true, false]) expect(ids({ sort: "written", descending, limit: 3 })).toEqual([0, 1, 2]);
  });

  test.each([
    ["192.0.2.7:40010", 1],
    ["2001:DB8", 500],
    ["10.0.0.1", 1000],
    [" 17 ", 20],
    ["nobody", 0],
  ])("of those with %j has %d", (search, matched) => {
    const page = pageOfConnections(all, { search });
    expect([page.total, page.matched, page.rows.length]).toEqual([1000, matched, Math.min(100, matched)]);
  });

  test("of several loops is what it would be of one", () => {
    const query = { sort: "read", offset: 37, limit: 20, search: "192.0" } as const;
    const loops = [all.slice(0, 300), all.slice(300, 301), all.slice(301)];
    const pages = loops.map((each) => pageOfConnections(each, { ...query, offset: 0, limit: 57 }));
    expect(joinedPages(pages, query)).toEqual(pageOfConnections(all, query));
  });
});

test.each([[1], [2]])("on %d worker(s) connections are found on their loops", async (workers) => {
  await using server = await listen({ host: "127.0.0.1", workers }, HANDLER);
  const clients = await Promise.all(Array.from({ length: 9 }, () => new Client(server.port).connected()));
  clients[3]?.socket.write("hello");
  await until(() => clients[3]?.received === "hello");
  await until(() => server.counts().active === 9);
  const port = clients[3]?.socket.localPort ?? 0;
  const { total, matched, rows } = await server.findConnections({ sort: "read", limit: 4 });
  expect([total, matched, rows.length, rows[0]?.bytesRead, rows[0]?.remotePort]).toEqual([9, 9, 4, 5, port]);
  expect(rows[0]?.rttMs).toBeGreaterThan(0);
  expect((await server.findConnections({ search: `127.0.0.1:${port}` })).matched).toBe(1);
  expect((await server.findConnections({ offset: 6 })).rows).toHaveLength(3);
  for (const client of clients) client.socket.destroy();
});
