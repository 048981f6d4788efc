import { afterEach, describe, expect, test } from "bun:test";
import { AddressHistory } from "../../src/net/dial/address-history.ts";
import { connect, Dialer, listen, type Server } from "../../src/net/mod.ts";
import { freePort } from "./support.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

async function serve(host: string, port = 0): Promise<Server> {
  const server = await listen({ host, port }, {});
  servers.push(server);
  return server;
}

function dialerTo(port: number, addresses: readonly string[]) {
  return new Dialer({ host: "several.test", port, lookup: async () => addresses, timeoutMs: 5000 }, {});
}

async function times(count: number, dialer: Dialer): Promise<void> {
  for (let index = 0; index < count; index++) (await dialer.connect()).close();
}

describe("a dialer", () => {
  test("leaves an address that refused for the one that does not, and tells how each fared", async () => {
    const { port } = await serve("127.0.0.2", await freePort());
    const dialer = dialerTo(port, ["::1", "127.0.0.3", "127.0.0.2"]);
    await times(10, dialer);
    expect(dialer.readAddresses()).toEqual({
      "::1": { ECONNREFUSED: 1 },
      "127.0.0.3": { ECONNREFUSED: 1 },
      "127.0.0.2": { connected: 10 },
    });
  });

  test("falls over when the one that worked stops working, and comes back", async () => {
    const port = await freePort();
    const first = await serve("127.0.0.2", port);
    const second = await serve("127.0.0.3", port);
    const dialer = dialerTo(port, ["127.0.0.2", "127.0.0.3"]);
    await times(2, dialer);
    await first.stop({ graceMs: 0 });
    await times(3, dialer);
    await serve("127.0.0.2", port);
    await second.stop({ graceMs: 0 });
    await times(4, dialer);
    expect(dialer.readAddresses()).toEqual({
      "127.0.0.2": { connected: 6, ECONNREFUSED: 1 },
      "127.0.0.3": { connected: 3, ECONNREFUSED: 1 },
    });
  });

  test("keeps to the resolver's order while nothing fails: a name may spread its clients", async () => {
    const { port } = await serve("0.0.0.0");
    let turn = 0;
    const lookup = async () => (turn++ % 2 === 0 ? ["127.0.0.2", "127.0.0.3"] : ["127.0.0.3", "127.0.0.2"]);
    const dialer = new Dialer({ host: "several.test", port, lookup }, {});
    await times(4, dialer);
    expect(dialer.readAddresses()).toEqual({ "127.0.0.2": { connected: 2 }, "127.0.0.3": { connected: 2 } });
  });
});

test("an error names the addresses that were tried, a few of many", async () => {
  const port = await freePort();
  const failure = (host: string, addresses: string[]) =>
    connect({ host, port, lookup: async () => addresses }, {}).catch((error: Error) => error.message);
  const why = "nobody listens there";
  expect(await failure("two.test", ["::1", "127.0.0.3"])).toBe(
    `Cannot connect to two.test:${port} (::1, 127.0.0.3): ${why}`,
  );
  const many = [2, 3, 4, 5, 6, 7].map((last) => `127.0.0.${last}`);
  expect(await failure("many.test", many)).toContain("(127.0.0.2, 127.0.0.3, 127.0.0.4, 127.0.0.5, 2 more): ");
  expect(await failure("127.0.0.1", [])).toBe(`Cannot connect to 127.0.0.1:${port}: ${why}`);
});

describe("what became of addresses", () => {
  test("puts those that failed last, the latest at the end, until they answer or ten minutes passed", () => {
    let nowMs = 1000;
    const history = new AddressHistory(() => nowMs);
    const all = ["a", "b", "c", "d"];
    history.failed("b", "ECONNREFUSED");
    nowMs += 1;
    history.failed("a", "overtaken");
    expect(history.inOrder(all)).toEqual(["c", "d", "b", "a"]);
    history.reached("b");
    expect(history.inOrder(all)).toEqual(["b", "c", "d", "a"]);
    nowMs += 600_000;
    expect(history.inOrder(all)).toEqual(all);
  });

  test("blames no address for what this side ran out of, and is bounded", () => {
    const history = new AddressHistory(() => 0);
    for (const code of ["EMFILE", "EADDRNOTAVAIL", "ECANCELED"]) history.failed("a", code);
    expect(history.inOrder(["a", "b"])).toEqual(["a", "b"]);
    for (let index = 0; index < 1000; index++) history.reached(`10.0.${index >> 8}.${index & 255}`);
    expect(Object.keys(history.read())).toHaveLength(32);
  });
});
