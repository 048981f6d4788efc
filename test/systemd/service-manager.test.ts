import { afterEach, describe, expect, test } from "bun:test";
import type { Log } from "../../src/base/mod.ts";
import { ServiceManager, type ServiceManagerOptions } from "../../src/systemd/mod.ts";
import { watchdogMs } from "../../src/systemd/notify-socket.ts";
import { until } from "../net/support.ts";
import { NotifyReceiver } from "./notify-receiver.ts";

const open: Disposable[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each[Symbol.dispose]();
});

function managed(
  environment: Record<string, string> = {},
  options: Partial<ServiceManagerOptions> = {},
  name?: string,
) {
  const receiver = new NotifyReceiver(name);
  const logged: string[] = [];
  const add = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: add, info: add, warn: add, error: add };
  const manager = new ServiceManager({
    environment: { NOTIFY_SOCKET: receiver.name, ...environment },
    log,
    ...options,
  });
  open.push({ [Symbol.dispose]: () => manager.close() }, receiver);
  return { receiver, manager, logged };
}

describe("a service manager", () => {
  test("is told what becomes of the process, in order", () => {
    const { receiver, manager } = managed();
    manager.ready("Serving tcp\n on 9091");
    manager.reloading();
    manager.ready("Serving");
    manager.stopping();
    const [ready, reloading, again, stopping] = receiver.read();
    expect(ready).toEqual({ READY: "1", STATUS: "Serving tcp; on 9091" });
    expect(reloading).toMatchObject({ RELOADING: "1", MONOTONIC_USEC: expect.stringMatching(/^\d+$/) });
    expect(again).toMatchObject({ READY: "1" });
    expect(stopping).toMatchObject({ STOPPING: "1", EXTEND_TIMEOUT_USEC: "15000000" });
  });

  test("hears of a reload by the clock that it has itself", async () => {
    const { receiver, manager } = managed();
    manager.reloading();
    const [{ MONOTONIC_USEC: told } = {}] = receiver.read();
    const uptimeUs = Number((await Bun.file("/proc/uptime").text()).split(" ")[0]) * 1e6;
    // Time asleep counts in one of the two alone; a clock that began with this process would be off by the machine's whole uptime.
    expect(Number(told)).toBeLessThanOrEqual(uptimeUs + 1e6);
    expect(Number(told)).toBeGreaterThan(performance.now() * 1000 + 1e6);
  });

  test("may have a socket without a file", () => {
    const { receiver, manager } = managed({}, {}, `@tenk-test-${process.pid}`);
    manager.ready("Serving");
    expect(receiver.read()).toHaveLength(1);
  });

  test("is found again after it was started again", () => {
    const { receiver, manager } = managed();
    manager.ready("one");
    receiver.close();
    receiver.open();
    manager.ready("two");
    expect(receiver.read().map(({ STATUS }) => STATUS)).toEqual(["two"]);
  });

  test("that is not there is logged once, and nothing fails", () => {
    const { receiver, manager, logged } = managed();
    receiver.close();
    for (let each = 0; each < 10; each++) manager.ready("Serving");
    expect(logged).toEqual(['service manager cannot be notified {"problem":"connect: ENOENT","count":1}']);
  });

  test("that cannot be reached is named", () => {
    const { logged } = managed({ NOTIFY_SOCKET: "vsock:2:1" });
    expect(logged.join()).toContain("cannot use NOTIFY_SOCKET=vsock:2:1: expected a path or @name");
  });

  test("learns who took over, and hears no more of the old process", () => {
    const { receiver, manager } = managed();
    manager.ready("Serving");
    manager.handOver(4711);
    manager.ready("Serving");
    manager.reloading();
    manager.stopping();
    expect(receiver.read().slice(1)).toEqual([{ MAINPID: "4711" }]);
    manager.takeBack("Serving");
    expect(receiver.read().slice(2)).toEqual([{ MAINPID: `${process.pid}` }, { READY: "1", STATUS: "Serving" }]);
  });

  test("learns who it is from the one that took over", () => {
    const { receiver, manager } = managed({}, { isSuccessor: true });
    manager.ready("Serving");
    expect(receiver.read()).toEqual([{ MAINPID: `${process.pid}`, READY: "1", STATUS: "Serving" }]);
  });
});

describe("signs of life", () => {
  test("come while all threads answer, and stop while one does not", async () => {
    let silent: string[] = [];
    const { receiver, manager, logged } = managed({ WATCHDOG_USEC: "30000" }, { silent: async () => silent });
    const signs = () => receiver.read().filter(({ WATCHDOG }) => WATCHDOG === "1").length;
    manager.ready("Serving");
    await until(() => signs() >= 3);
    silent = ["chat"];
    await until(() => logged.some((line) => line.includes("event loop blocked")));
    const before = signs();
    const times = logged.length;
    await until(() => logged.length >= times + 3);
    expect(signs()).toBe(before);
    expect(logged.at(-1)).toContain('"listeners":"chat"');
    silent = [];
    await until(() => signs() > before);
  });

  test("end with a hand-over", async () => {
    const { receiver, manager } = managed({ WATCHDOG_USEC: "15000" }, { silent: async () => [] });
    manager.ready("Serving");
    await until(() => receiver.read().some(({ WATCHDOG }) => WATCHDOG === "1"));
    manager.handOver(1);
    const other = managed({ WATCHDOG_USEC: "15000" }, { silent: async () => [] });
    other.manager.ready("Serving");
    await until(() => other.receiver.read().length > 4);
    expect(receiver.read().at(-1)).toEqual({ MAINPID: "1" });
  });

  test.each<[string, Record<string, string>, boolean, number | undefined]>([
    ["an interval", { WATCHDOG_USEC: "30000000" }, false, 30_000],
    ["an interval for this process", { WATCHDOG_USEC: "30000000", WATCHDOG_PID: `${process.pid}` }, false, 30_000],
    ["an interval for another one", { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }, false, undefined],
    ["an interval for the one before", { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }, true, 30_000],
    ["no interval", {}, false, undefined],
    ["an interval that is none", { WATCHDOG_USEC: "0" }, false, undefined],
  ])("are wanted by %s", (_, environment, isSuccessor, expected) => {
    expect(watchdogMs(environment, isSuccessor)).toBe(expected);
  });
});
