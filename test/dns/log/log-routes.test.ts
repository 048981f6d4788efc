import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TenkError } from "../../../src/base/mod.ts";
import { logRoutes } from "../../../src/dns/log/log-routes.ts";
import { LogSearch } from "../../../src/dns/log/log-search.ts";
import { LogStore } from "../../../src/dns/log/log-store.ts";
import { LogVerdict, Privacy } from "../../../src/dns/log/mod.ts";
import type { QueryLogOptions } from "../../../src/dns/log/query-log.ts";
import type { ShownQuery } from "../../../src/dns/log/shown-query.ts";
import { Store } from "../../../src/store/mod.ts";
import { LIMITS, NAMES, NOW_MS, newLog } from "./support.ts";

const CLIENTS = {
  nameOf: (address: string) => (address === "192.168.1.7" ? "lisas-phone" : undefined),
  learn: async () => undefined,
  addressesOf: (name: string) => (name === "phone" ? ["192.168.1.7"] : []),
};
/** What routes answer, all of them in one. */
interface Answer {
  readonly entries: readonly ShownQuery[];
  readonly before: number | null;
  readonly last: number;
  readonly queries: number;
}

/** Asks a route as the admin server does. */
async function withRoutes(fill: (it: ReturnType<typeof newLog>) => void, options: Partial<QueryLogOptions> = {}) {
  const it = newLog({ names: NAMES, ...options });
  fill(it);
  const folder = mkdtempSync(join(tmpdir(), "tenk-log-"));
  const store = new Store({ folder });
  const logStore = new LogStore(it.log, store.queries, LIMITS);
  it.log.observer = logStore;
  const { queries } = store;
  const routes = logRoutes({
    log: it.log,
    search: new LogSearch(it.log, queries),
    clients: CLIENTS,
    clear: () => queries.clear(),
    lookMs: 5,
  });
  const get = (path: string, query = "") => routes[path]!.get!(new URLSearchParams(query)) as Promise<Answer>;
  return {
    ...it,
    logStore,
    routes,
    get,
    names: async (query = "") => (await get("log", query)).entries.map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      await logStore.stop();
      it.log.stop();
      await store.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

describe("the log's routes", () => {
  function fill({ push, log }: ReturnType<typeof newLog>): void {
    const { blocked, forwarded, local } = LogVerdict;
    push(1, "ads.example", { verdict: blocked, lists: 2, labels: 2 });
    push(2, "www.example", { verdict: forwarded, upstream: 0, client: "2001:db8::1", atMs: NOW_MS + 1 });
    push(0, "nas.home.arpa", { verdict: local, atMs: NOW_MS + 2 });
    log.drain();
  }

  test("show the newest first, with names for all numbers", async () => {
    await using it = await withRoutes(fill);
    const { entries, before } = await it.get("log");
    expect(before).toBeNull();
    expect(entries[2]).toEqual({
      id: NOW_MS * 256,
      ...{ time: NOW_MS, client: "192.168.1.7", clientName: "lisas-phone", name: "ads.example", type: "A" },
      ...{ verdict: "blocked", rcode: "NOERROR", transport: "udp", stale: false, latencyMs: null },
      ...{ upstream: null, lists: ["stevenblack"], rule: "ads.example" },
    });
    expect(entries[1]).toMatchObject({ upstream: "tls://192.0.2.1", clientName: null, rule: null });
  });

  for (const [query, expected] of [
    ["name=ADS.", ["ads.example"]],
    ["name=example", ["www.example", "ads.example"]],
    ["client=192.168.1.7", ["nas.home.arpa", "ads.example"]],
    ["client=2001:DB8:0::1", ["www.example"]],
    ["client=phone", ["nas.home.arpa", "ads.example"]],
    ["client=nobody", []],
    ["verdict=blocked,local", ["nas.home.arpa", "ads.example"]],
    ["verdict=local&name=ads", []],
    [`from=${NOW_MS + 1}&until=${NOW_MS + 2}`, ["www.example"]],
    ["limit=1", ["nas.home.arpa"]],
  ] as const) {
    test(`find by ${query}, in memory and in the store`, async () => {
      await using it = await withRoutes(fill);
      expect(await it.names(query)).toEqual([...expected]);
      await it.logStore.flush();
      it.log.entries.clear();
      expect(await it.names(query)).toEqual([...expected]);
    });
  }

  test("page through the memory into the store", async () => {
    await using it = await withRoutes(() => {}, { memoryEntries: 8 });
    for (let count = 0; count < 20; count++) {
      it.push(1, `n${count}.example`, { atMs: NOW_MS + count });
      it.log.drain();
      if (count % 5 === 4) await it.logStore.flush();
    }
    const seen: (string | null)[] = [];
    for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
      const page: Answer = await it.get("log", `limit=3&before=${before}`);
      seen.push(...page.entries.map(({ name }) => name));
      before = page.before;
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, count) => `n${19 - count}.example`));
  });

  test("follow: what is new, the oldest first, waiting for it", async () => {
    await using it = await withRoutes(fill);
    const { last } = await it.get("log/since");
    const next = it.get("log/since", `after=${last}&wait=9000&verdict=blocked`);
    it.push(1, "other.example", { atMs: NOW_MS + 5 });
    it.push(1, "bad.example", { verdict: LogVerdict.blocked, atMs: NOW_MS + 6 });
    const found = await next;
    expect(found.entries.map(({ name }) => name)).toEqual(["bad.example"]);
    expect((await it.get("log/since", `after=${found.last}`)).entries).toEqual([]);
    expect((await it.get("log/since", `after=${last}`)).entries.length).toBe(2);
  });

  for (const [path, query, problem] of [
    ["log", "verdict=bad", "cannot read verdict: expected one or more of local, special"],
    ["log", "before=x", "cannot read before: expected a number"],
    ["log", `name=${"x".repeat(1021)}`, "cannot read name: expected 1020 characters at most"],
    ["statistics", "hours=x", "cannot read hours: expected a number"],
  ] as const) {
    test(`refuse ${query.slice(0, 20)}`, async () => {
      await using it = await withRoutes(fill);
      const failure = await Promise.resolve()
        .then(() => it.get(path, query))
        .catch((error) => error);
      expect(failure).toBeInstanceOf(TenkError);
      expect((failure as TenkError).message).toStartWith(problem);
    });
  }

  test("hide what was stored under a less strict privacy level", async () => {
    await using it = await withRoutes(fill);
    await it.logStore.flush();
    it.log.privacy = Privacy.hideNames;
    expect(await it.names()).toEqual([null, null, null]);
    it.log.privacy = Privacy.hideClients;
    expect((await it.get("log")).entries[0]).toMatchObject({ client: null, clientName: null, rule: null });
  });

  test("clear memory, counts and store", async () => {
    await using it = await withRoutes(fill);
    await it.logStore.flush();
    it.push(1, "more.example");
    await it.routes["log/clear"]!.post!({});
    await it.logStore.flush();
    expect([await it.names(), (await it.get("statistics")).queries]).toEqual([[], 0]);
  });

  test("count the last hours, with names of clients", async () => {
    await using it = await withRoutes(({ push }) => push(1, "www.example", { atMs: Date.now() }));
    expect(await it.get("statistics", "hours=2&limit=5")).toMatchObject({
      queries: 1,
      clients: [{ client: "192.168.1.7", name: "lisas-phone", queries: 1 }],
      allowedNames: [{ name: "www.example", queries: 1 }],
    });
  });
});
