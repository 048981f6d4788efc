import { afterEach, describe, expect, test } from "bun:test";
import { type Instance, parseConfig, type Status, up } from "../../src/app/mod.ts";
import type { TargetReport } from "../../src/targets/mod.ts";
import { RelayReader, relayStatus } from "../../src/tcp/monitoring/relay-status.ts";
import { listenersIn } from "../app/listeners-of.ts";
import { Client } from "../net/support.ts";
import { cleanUp, later, naming, nowhere } from "./relay-support.ts";

afterEach(cleanUp);

const DAY_MS = 86_400_000;

async function statusOf(box: Instance): Promise<Status> {
  return (await fetch(`${box.statusUrl}api/status`)).json() as Promise<Status>;
}

/** Asks until it is as wanted. */
async function statusWhere(box: Instance, isSo: (status: Status) => boolean): Promise<Status> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const status = await statusOf(box);
    if (isSo(status)) return status;
    if (Date.now() > deadline) throw new Error(`It did not come to be, but ${JSON.stringify(listenersIn(status))}`);
    await Bun.sleep(10);
  }
}

test.each([1, 2])(
  "/api/status tells how the targets of a relay with %p event loops fare",
  async (workers) => {
    const [living, dead] = [(await naming("one")).address, await nowhere()];
    const relay = { targets: [living, dead], health: { failures: 1, backOff: "4m" } };
    const config = {
      tcp: {
        db: { listen: "127.0.0.1:0", handler: "relay", workers, relay },
        plain: { listen: "127.0.0.1:0" },
      },
      dashboard: { listen: "127.0.0.1:0" },
    };
    const box = await up(parseConfig(JSON.stringify(config), "tenk.yaml"));
    later(() => box.stop(0));
    const target = (status: Status, at: string) =>
      listenersIn(status)
        .find(({ name }) => name === "db")!
        .relay!.targets.find(({ address }) => address === at)!;

    // Each client that is sent to the dead one goes on to the other. Enough of them, so that each event loop finds it out.
    const clients = Array.from({ length: 20 * workers }, () => new Client(box.listeners[0]!.port));
    const said = "one:".length * clients.length;
    const isTold = (each: Status) =>
      target(each, dead).state === "out" && target(each, living).bytesFromTarget === said;
    const status = await statusWhere(box, isTold);
    expect(listenersIn(status)[0]!.relay).toMatchObject({ pairs: clients.length, withoutTarget: 0, targetsLeftOut: 0 });
    expect(target(status, living)).toEqual({
      address: living,
      state: "up",
      weight: 1,
      active: clients.length,
      total: clients.length,
      failures: 0,
      bytesToTarget: 0,
      bytesFromTarget: said,
      connectMs: expect.any(Number),
      lastError: null,
      lastErrorAt: null,
      outSince: null,
      nextTryAt: null,
    });
    const out = target(status, dead);
    expect(out).toMatchObject({ address: dead, state: "out", active: 0, total: 0, connectMs: null });
    expect(out.failures).toBeGreaterThanOrEqual(workers);
    expect(out.lastError).toContain("nobody listens there");
    const since = Date.parse(out.outSince!);
    expect(Math.abs(Date.now() - since)).toBeLessThan(60_000);
    expect(Math.abs(Date.parse(out.nextTryAt!) - since - 240_000)).toBeLessThan(60_000);
    expect(listenersIn(status).find(({ name }) => name === "plain")).not.toHaveProperty("relay");
    for (const { socket } of clients) socket.destroy();
  },
  20_000,
);

test("of event loops that are held up what they told before is told, and nothing where they never did", async () => {
  let reports: () => Promise<unknown[]> = () => new Promise(() => {});
  const server = {
    host: "",
    port: 1,
    workers: 2,
    workerThreads: () => [],
    counts: () => ({}),
    reports: () => reports(),
  };
  const running = [{ name: "db", config: { relay: {} }, server }] as never;
  const reader = new RelayReader();
  const told = async () => (await reader.read(running))[0];
  expect(await told()).not.toHaveProperty("relay");
  reports = async () => [{ pairs: 3, withoutTarget: 1, targets: [] }, undefined];
  const relay = { pairs: 3, withoutTarget: 1, targets: [], targetsLeftOut: 0 };
  expect(await told()).toMatchObject({ relay });
  reports = async () => [undefined];
  expect(await told()).toMatchObject({ relay });
  reports = () => new Promise(() => {});
  expect(await told()).toMatchObject({ relay });
});

describe("what event loops report of targets is", () => {
  const report = (more: Partial<TargetReport>): TargetReport => ({
    address: "a:1",
    state: "up",
    weight: 1,
    active: 1,
    total: 2,
    failures: 3,
    bytesToTarget: 4,
    bytesFromTarget: 5,
    lastError: undefined,
    lastErrorAtMs: undefined,
    outSinceMs: undefined,
    nextTryAtMs: undefined,
    connectMs: undefined,
    ...more,
  });
  const merged = (...each: Partial<TargetReport>[]) =>
    relayStatus(each.map((one) => ({ pairs: 1, withoutTarget: 2, targets: [report(one)] })));

  test("added up, with the latest error and the first moment", () => {
    const old = { lastError: "old", lastErrorAtMs: DAY_MS, outSinceMs: 2 * DAY_MS, nextTryAtMs: 4 * DAY_MS };
    const late = { lastError: "late", lastErrorAtMs: 5 * DAY_MS, outSinceMs: 3 * DAY_MS, nextTryAtMs: 6 * DAY_MS };
    const { targets, ...all } = merged({ state: "down", ...old }, { state: "down", ...late }, { connectMs: 7 });
    expect(all).toEqual({ pairs: 3, withoutTarget: 6, targetsLeftOut: 0 });
    expect(targets).toEqual([
      {
        address: "a:1",
        state: "partly out",
        weight: 1,
        active: 3,
        total: 6,
        failures: 9,
        bytesToTarget: 12,
        bytesFromTarget: 15,
        connectMs: 7,
        lastError: "late",
        lastErrorAt: "1970-01-06T00:00:00.000Z",
        outSince: "1970-01-03T00:00:00.000Z",
        nextTryAt: "1970-01-05T00:00:00.000Z",
      },
    ]);
  });

  test.each([
    [["up", "up"], "up"],
    [["down", "down"], "out"],
    [["down", "up"], "partly out"],
    [["draining", "up"], "draining"],
  ] as const)("of the states %j: %s", (states, state) => {
    expect(merged(...states.map((each) => ({ state: each }))).targets[0]?.state).toBe(state);
  });

  test("bounded: of many, those that are not up are told first, each error by its beginning", () => {
    const targets = Array.from({ length: 150 }, (_, index) =>
      report(
        index < 149 ? { address: `t${index}:1` } : { address: "last:1", state: "down", lastError: "x".repeat(1e5) },
      ),
    );
    const status = relayStatus([{ pairs: 0, withoutTarget: 0, targets }]);
    expect([status.targets.length, status.targetsLeftOut]).toEqual([100, 50]);
    expect(status.targets.slice(0, 2).map(({ address }) => address)).toEqual(["last:1", "t0:1"]);
    expect(status.targets[0]!.lastError).toBe("x".repeat(300));
  });
});
