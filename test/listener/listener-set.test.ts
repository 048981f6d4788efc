import { afterEach, expect, test } from "bun:test";
import { changeTogether } from "../../src/app/reload.ts";
import { type DesiredListener, type ListenerKind, ListenerSet, logFields } from "../../src/listener/mod.ts";
import { listen, type Server } from "../../src/net/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { Client, freePort, until } from "../net/support.ts";

const url = new URL("./patient-handler.ts", import.meta.url);

/** A part of one setting that a running listener takes, `idleMs`, and one that needs a new listener, `noDelay`. */
const kind: ListenerKind<DesiredListener> = {
  differenceOf: (before, after) => ({
    restart: before.options.noDelay !== after.options.noDelay,
    change: { limits: after.options.limits ?? {} },
    changed: before.options.limits?.idleMs === after.options.limits?.idleMs ? [] : ["limits"],
  }),
  rebuilt: (before) => before,
  changed: (_, desired) => desired,
  logFields,
};

function desired(name: string, port: number, more: Partial<DesiredListener["options"]> = {}): DesiredListener {
  const host = "127.0.0.1";
  return { name, listen: { host, port }, options: { host, port, name, ...more }, handler: url };
}

const open: { stop(graceMs: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop(0)));
});

function listenerSet() {
  const log = keptLog();
  const set = new ListenerSet(kind, { log });
  open.push(set);
  const reload = (...all: DesiredListener[]) => changeTogether([() => set.prepare(() => all)]);
  const said = () => log.lines.map(([, message, { name }]) => `${message} ${name ?? ""}`.trim());
  return { set, log, reload, said };
}

async function holder(): Promise<Server> {
  const server = await listen({ host: "127.0.0.1" }, {});
  open.push({ stop: (graceMs) => server.stop({ graceMs }) });
  return server;
}

async function echo(client: Client, text: string): Promise<void> {
  const before = client.received.length;
  client.socket.write(text);
  await until(() => client.received.length === before + text.length);
}

test("a listener at a fallback port stays there over reloads, also where it is recreated", async () => {
  const taken = await holder();
  const fallbackPorts = [await freePort(), 0];
  const { set, reload, said, log } = listenerSet();
  const first = { ...desired("https", taken.port), fallbackPorts };
  await set.start([first]);
  expect(set.running[0]?.server.port).toBe(fallbackPorts[0]!);
  expect(log.lines.map(([, , fields]) => [fields.port, fields.instead])).toEqual([[taken.port, fallbackPorts[0]!]]);
  const client = await new Client(fallbackPorts[0]!).connected();
  await echo(client, "before");
  const server = set.running[0]?.server;
  await reload({ ...desired("https", taken.port, { limits: { idleMs: 60_000 } }), fallbackPorts });
  expect(set.running[0]?.server).toBe(server!);
  await reload({ ...desired("https", taken.port, { noDelay: false }), fallbackPorts });
  expect(set.running[0]?.server).not.toBe(server!);
  expect(set.running[0]?.server.port).toBe(fallbackPorts[0]!);
  // The connection of the old one has time to finish; new ones are served by the new one.
  await echo(client, "still");
  await echo(await new Client(fallbackPorts[0]!).connected(), "new");
  expect([server?.counts().active, set.running[0]?.server.counts().active]).toEqual([1, 1]);
  expect(said().slice(1)).toEqual(["listener changed https", "listener stopping https", "listener started https"]);
});

test("other fallback ports are another address", async () => {
  const [one, two] = [await freePort(), await freePort()];
  const { set, reload } = listenerSet();
  const taken = await holder();
  await set.start([{ ...desired("https", taken.port), fallbackPorts: [one] }]);
  await reload({ ...desired("https", taken.port), fallbackPorts: [two] });
  expect(set.running.map(({ server }) => server.port)).toEqual([two]);
});

test("a drop stops what was opened for the change, and a stop refuses further changes", async () => {
  const [port, other] = [await freePort(), await freePort()];
  const { set } = listenerSet();
  await set.start([desired("a", port)]);
  const change = await set.prepare(() => [desired("a", port), desired("b", other)]);
  const client = await new Client(other).connected();
  await change.drop();
  await until(() => client.closed);
  expect(set.running.map(({ name }) => name)).toEqual(["a"]);
  await set.stop(0);
  await expect(set.prepare(() => [])).rejects.toThrow("it is stopping");
});

test("a drop after a claim starts the replaced listeners again, at the ports and with the settings that they had", async () => {
  const [port, other] = [await freePort(), await freePort()];
  const { set, said } = listenerSet();
  await set.start([desired("a", port), desired("b", other)]);
  const held = await new Client(port).connected();
  const next = [desired("a", port, { noDelay: false }), desired("b", other, { limits: { idleMs: 60_000 } })];
  const change = await set.prepare(() => next);
  const [a, b] = set.running;
  await change.claim!();
  await echo(await new Client(port).connected(), "from the new one");
  await change.drop();
  expect(set.running.map(({ name, server }) => [name, server.port])).toEqual([
    ["a", port],
    ["b", other],
  ]);
  expect(set.running[0]?.options.noDelay).toBeUndefined();
  expect([set.running[0]?.server === a?.server, set.running[1]?.server === b?.server]).toEqual([false, true]);
  await echo(await new Client(port).connected(), "from the former one");
  await echo(held, "still");
  expect(said()).toEqual(["listener stopping a", "listener restored a"]);
  await changeTogether([() => set.prepare(() => next)]);
  expect(set.running[0]?.options.noDelay).toBe(false);
});
