/**
 * Random configurations, reloaded one after the other, equal a fresh start with the last of them; one that is refused leaves
 * everything as it was; and connections of a listener that never changes live through all of it. `TENK_RUNS=50` does more.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { Client, freePort, until } from "../net/support.ts";
import { keptLog } from "./admin/support.ts";
import { listenersOf } from "./listeners-of.ts";
import { greeter, greetings } from "./reload-support.ts";

const RELOADS = Number(process.env.TENK_RUNS ?? 12);
const STEADY = 500;
const NAMES = ["a", "b", "c"] as const;
const FILES = { "red.ts": greeter("red"), "blue.ts": greeter("blue") };

/** `port` is a number of a pool, or none of its own. */
const listener = fc.record({
  port: fc.option(fc.nat(2), { nil: undefined }),
  handler: fc.constantFrom("./red.ts", "./blue.ts"),
  workers: fc.constantFrom(1, 1, 2),
  limits: fc.record({ idle: fc.constantFrom("10m", "90s"), connections: fc.constantFrom(0, 50) }),
  noDelay: fc.boolean(),
});
const plan = fc.record({
  tcp: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), listener), {
    selector: ([name]) => name,
    maxLength: NAMES.length,
  }),
  /** Its port is a number of a pool of its own: a port that another part leaves is taken by a second reload. */
  proxy: fc.record({ port: fc.nat(1), workers: fc.constantFrom(1, 2), connections: fc.constantFrom(0, 50) }),
  services: fc.dictionary(
    fc.constantFrom("git", "wiki"),
    fc.constantFrom("http://127.0.0.1:3000", "redis://127.0.0.1"),
  ),
  moves: fc.boolean(),
});
type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

/** What only starting shows to be wrong, of the part or of the dashboard. */
const FAULTS = [
  { tcp: { wrong: { listen: "127.0.0.1:0", handler: "./none.ts" } } },
  { tcp: { wrong: { listen: "192.0.2.1:7", handler: "sink" } } },
  { dashboard: { password: "./none" } },
  { dashboard: { listen: "192.0.2.1:7" } },
];

/** Two of a plan may want one port, which is refused before anything begins: the later one does without. */
function textOf(
  { tcp, proxy, services, moves }: Plan,
  ports: readonly number[],
  more: (typeof FAULTS)[number] | undefined,
) {
  const taken = new Set<number>();
  const listeners = tcp.map(([name, { port, ...rest }]) => {
    const isFree = port !== undefined && !taken.has(port);
    if (isFree) taken.add(port);
    const own = isFree ? ports[port]! : 0;
    return [name, { listen: `127.0.0.1:${own}`, ...rest }] as const;
  });
  const steady = { listen: `127.0.0.1:${ports[3]}`, handler: "echo", workers: 1 };
  return JSON.stringify({
    tcp: { steady, ...Object.fromEntries(listeners), ...more?.tcp },
    services: { ...services, hi: { respond: "hi", hosts: ["hi.lan"], plainHttp: "serve" } },
    proxy: {
      https: "off",
      http: `127.0.0.1:${ports[6 + proxy.port]}`,
      workers: proxy.workers,
      limits: { connections: proxy.connections },
    },
    dashboard: { listen: `127.0.0.1:${moves ? ports[4] : ports[5]}`, ...more?.dashboard },
  });
}

/** All that can be seen of an instance but ports that nobody chose, and what each listener says. */
async function seen(instance: Instance, ports: readonly number[]) {
  const status = await instance.status();
  const listeners = await Promise.all(
    (await listenersOf(instance)).map(async ({ name, host, port, handler, workers }) => {
      const chosen = ports.indexOf(port);
      return { name, host, chosen, handler, workers, says: name === "steady" ? "" : await greetings(port) };
    }),
  );
  const proxies = instance.listeners.filter(({ part }) => part === "proxy");
  return {
    proxies: await Promise.all(
      proxies.map(async ({ name, port, workers }) => ({
        name,
        chosen: ports.indexOf(port),
        workers,
        says: await (
          await fetch(`http://127.0.0.1:${port}/`, { headers: { host: "hi.lan" }, keepalive: false })
        ).text(),
      })),
    ),
    listeners: listeners.sort((one, other) => one.name.localeCompare(other.name)),
    services: status.services,
    dashboard: ports.indexOf(Number(new URL(instance.statusUrl).port)),
  };
}

test(`${RELOADS} random reloads equal fresh starts, and ${STEADY} connections live through them`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-reloads-"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const [live, fresh] = await Promise.all([0, 1].map(() => Promise.all(Array.from({ length: 8 }, freePort))));
  const parsed = (each: Plan, ports: readonly number[], fault?: (typeof FAULTS)[number]) =>
    parseConfig(textOf(each, ports, fault), "tenk.yaml", folder);
  const plans = fc.sample(plan, { numRuns: RELOADS + 1, seed: Number(process.env.TENK_SEED ?? 7) });
  const log = keptLog();
  const instance = await up(parsed(plans[0]!, live!), { log });
  try {
    const clients = await Promise.all(Array.from({ length: STEADY }, () => new Client(live![3]!).connected()));
    for (const [index, next] of plans.slice(1).entries()) {
      const before = await seen(instance, live!);
      const fault = FAULTS[index % FAULTS.length]!;
      await expect(instance.reload(parsed(next, live!, fault))).rejects.toThrow();
      expect(await seen(instance, live!)).toEqual(before);
      await instance.reload(parsed(next, live!));
      const other = await up(parsed(next, fresh!), { log });
      try {
        expect(await seen(instance, live!)).toEqual(await seen(other, fresh!));
      } finally {
        await other.stop(0);
      }
    }
    for (const client of clients) client.socket.write("still here");
    await until(() => clients.every((client) => client.received === "still here"), 10_000);
    for (const client of clients) client.socket.destroy();
  } finally {
    await instance.stop(0);
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);
