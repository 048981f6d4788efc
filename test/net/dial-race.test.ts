import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import fc from "fast-check";
import { inTurns } from "../../src/net/dial/address-order.ts";
import { type ConnectOptions, connect, Dialer, descriptors, listen, type Server } from "../../src/net/mod.ts";
import { freePort, until } from "./support.ts";

const servers: Server[] = [];
const children: { kill(signal: NodeJS.Signals): unknown }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A port of 127.0.0.1 where connects hang: its backlog is full and nobody accepts. */
async function silentPort(): Promise<number> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/frozen-listener.ts`, "1"], { stdout: "pipe" });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.[0] === "T");
  const port = Number(new TextDecoder().decode(value));
  await Promise.allSettled([1, 2, 3].map(() => connect({ port, timeoutMs: 50 }, {})));
  return port;
}

async function serve(host: string, port = 0): Promise<Server> {
  const server = await listen({ host, port }, {});
  servers.push(server);
  return server;
}

function named(addresses: string[], options: ConnectOptions): Promise<{ remoteAddress: string; close(): void }> {
  return connect({ host: "several.test", lookup: async () => addresses, ...options }, {});
}

test("families take turns, the resolver's order stays within each, and nothing is lost or doubled", () => {
  expect(inTurns(["::1", "::2", "::3", "10.0.0.1"])).toEqual(["::1", "10.0.0.1", "::2", "::3"]);
  expect(inTurns(["10.0.0.1", "10.0.0.2", "::1", "10.0.0.1"])).toEqual(["10.0.0.1", "::1", "10.0.0.2"]);
  expect(inTurns([])).toEqual([]);
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(fc.array(address), (given) => {
      const ordered = inTurns(given);
      expect(ordered.toSorted()).toEqual([...new Set(given)].sort());
      expect(ordered[0]).toBe(given[0]);
      for (const isOne of [(each: string) => each.includes(":"), (each: string) => !each.includes(":")]) {
        expect(ordered.filter(isOne)).toEqual([...new Set(given)].filter(isOne));
      }
      const [sixes, fours] = [ordered.filter((each) => each.includes(":")).length, ordered.filter((each) => !each.includes(":")).length]; // biome-ignore format: one thought
      const alternating = 2 * Math.min(sixes, fours);
      for (let at = 1; at < alternating; at++)
        expect(ordered[at]!.includes(":")).not.toBe(ordered[at - 1]!.includes(":"));
    }),
  );
});

test("an address that refuses is followed by the next at once", async () => {
  const { port } = await serve("127.0.0.2", await freePort());
  const connection = await named(["127.0.0.3", "::1", "127.0.0.2"], { port, attemptDelayMs: 60_000, timeoutMs: 3000 });
  expect(connection.remoteAddress).toBe("127.0.0.2");
  connection.close();
});

test("an address that is silent is overtaken after attemptDelayMs, and its socket is freed", async () => {
  const port = await silentPort();
  await serve("127.0.0.2", port);
  await named(["127.0.0.2"], { port }).then((connection) => connection.close());
  await until(() => servers[0]!.counts().active === 0);
  const before = descriptors().open;
  const startMs = performance.now();
  const connection = await named(["127.0.0.1", "127.0.0.2"], { port, attemptDelayMs: 80 });
  expect(performance.now() - startMs).toBeGreaterThan(75);
  expect(connection.remoteAddress).toBe("127.0.0.2");
  expect(descriptors().open).toBe(before + 2); // its two ends, and not the silent one's
  connection.close();
});

test("a dialer waits for a silent address once", async () => {
  const port = await silentPort();
  await serve("127.0.0.2", port);
  const lookup = async () => ["127.0.0.1", "127.0.0.2"];
  const dialer = new Dialer({ host: "several.test", port, lookup, attemptDelayMs: 30 }, {});
  for (let index = 0; index < 5; index++) (await dialer.connect()).close();
  expect(dialer.readAddresses()).toEqual({ "127.0.0.1": { overtaken: 1 }, "127.0.0.2": { connected: 5 } });
});

test("a silent address keeps its time although the others refuse", async () => {
  const port = await silentPort();
  const late = named(["127.0.0.1", "127.0.0.3"], { port, attemptDelayMs: 5, timeoutMs: 150 });
  const message = expect.stringContaining("the connect timed out");
  await expect(late).rejects.toMatchObject({ code: "connect-timeout", message });
});

test("one deadline covers all addresses, and the signal too; both free every socket", async () => {
  const port = await silentPort();
  const before = descriptors().open;
  const startMs = performance.now();
  const hanging = named(["127.0.0.1", "::ffff:127.0.0.1"], { port, attemptDelayMs: 10, timeoutMs: 120 });
  await expect(hanging).rejects.toMatchObject({ code: "connect-timeout" });
  expect(performance.now() - startMs).toBeLessThan(10_000);
  const cancelled = named(["127.0.0.1", "::ffff:127.0.0.1"], {
    port,
    attemptDelayMs: 10,
    signal: AbortSignal.timeout(50),
  });
  await expect(cancelled).rejects.toMatchObject({ code: "connect-aborted" });
  expect(descriptors().open).toBe(before);
});

test("a resolver that never answers is given up after timeoutMs", async () => {
  const hanging = connect({ host: "mute.test", port: 1, timeoutMs: 30, lookup: () => new Promise(() => {}) }, {});
  const message = expect.stringContaining("the name lookup timed out");
  await expect(hanging).rejects.toMatchObject({ code: "connect-timeout", message });
});

test.each([
  [["192.0.2.1"], { localAddress: "127.0.0.1", timeoutMs: 500 }, /connect-/],
  [["127.0.0.3", "127.0.0.4"], {}, /connect-refused/],
  [[], {}, /name-not-found/],
  [["no address"], {}, /name-not-found/],
])("%p fails with a cause of its own", async (addresses, options, code) => {
  const failed = named(addresses, { port: 1, ...options });
  await expect(failed).rejects.toMatchObject({ code: expect.stringMatching(code) });
});

test("an address of another family than localAddress does not hide what the others say", async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as { port: number };
  listener.close();
  await once(listener, "close");
  const lookup = async () => ["::1", "127.0.0.1"];
  const failed = connect({ host: "both.test", port, lookup, localAddress: "127.0.0.1" }, {});
  expect(await failed.catch((error: unknown) => error)).toMatchObject({ code: "connect-refused" });
});
