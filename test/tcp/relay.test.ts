import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { descriptors, listen } from "../../src/net/mod.ts";
import { Client, until } from "../net/support.ts";
import { cleanUp, FarServer, frozen, naming, nowhere, relayed } from "./relay-support.ts";

afterEach(cleanUp);

/** What a new client gets for "x": the name of its target, or undefined when it is closed instead. */
async function ask(port: number): Promise<string | undefined> {
  const client = new Client(port);
  client.socket.write("x");
  await until(() => client.closed || client.ended || client.received.endsWith(":x"));
  client.socket.destroy();
  return client.received.split(":")[0] || undefined;
}

describe("bytes", () => {
  test("go both ways, whoever speaks first", async () => {
    const { port, report } = await relayed({ targets: [(await naming("a")).address] });
    const client = new Client(port);
    await until(() => client.received === "a:");
    client.socket.write("hello");
    await until(() => client.received === "a:hello");
    client.socket.destroy();
    await until(() => report().pairs === 0);
    expect(report().targets[0]).toMatchObject({ state: "up", active: 0, total: 1, failures: 0, bytesToTarget: 5, bytesFromTarget: 7 }); // biome-ignore format: one line
  });

  test("come after a client's FIN: a half-closed pair goes on", async () => {
    const target = await new FarServer((socket) => {
      let got = "";
      socket.on("data", (bytes) => { got += bytes; }); // biome-ignore format: one thought
      socket.on("end", () => socket.end(`got ${got}`));
    }).open();
    const { port, report, closes } = await relayed({ targets: [target.address] });
    const client = new Client(port, { allowHalfOpen: true });
    client.socket.end("all at once, with its FIN before there is a target");
    await until(() => client.ended);
    expect(client.received).toBe("got all at once, with its FIN before there is a target");
    await until(() => report().pairs === 0);
    expect(closes()).toEqual({ peer: 1 });
  });

  test("that come before there is a target wait: few of them here, the rest in the client's kernel", async () => {
    const busy = await frozen(0);
    const filler = Array.from({ length: 3 }, () => connect(Number(busy.address.split(":")[1]), "127.0.0.1"));
    const echo = await new FarServer((socket) => socket.pipe(socket)).open();
    const options = { targets: [busy.address, echo.address], balance: "first", connectTimeoutMs: 400 } as const;
    const { server, port } = await relayed(options);
    const client = new Client(port);
    client.socket.write(Buffer.alloc(8 << 20, "x"));
    await until(() => server.counts().bytesRead > 0);
    // Paused after the first read; the runtime's largest is 512 KiB.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.counts().bytesRead).toBeLessThanOrEqual(1 << 20);
    await until(() => client.bytes === 8 << 20);
    for (const socket of [client.socket, ...filler]) socket.destroy();
  });

  test("come after a target's FIN, too", async () => {
    const target = await new FarServer((socket) => {
      socket.end("banner");
      socket.on("data", (bytes) => { target.received += bytes; }); // biome-ignore format: one thought
    }).open();
    const { port, report } = await relayed({ targets: [target.address] });
    const client = new Client(port, { allowHalfOpen: true });
    await until(() => client.ended);
    client.socket.end("still heard");
    await until(() => report().pairs === 0 && target.received !== "");
    expect([client.received, target.received]).toEqual(["banner", "still heard"]);
  });

  test("go to a Unix socket", async () => {
    const path = `\0tenk-relay-${process.pid}`;
    const target = new FarServer((socket) => socket.end("unix"));
    target.server.listen(path);
    const { port } = await relayed({ targets: [`unix:@${path.slice(1)}`] });
    const client = new Client(port);
    await until(() => client.received === "unix");
  });
});

describe("a side that fails", () => {
  test("a target's reset resets the client, counted as target", async () => {
    const target = await new FarServer((socket) => socket.once("data", () => socket.resetAndDestroy())).open();
    const { port, report, closes } = await relayed({ targets: [target.address] });
    const client = new Client(port);
    client.socket.write("x");
    await until(() => client.closed);
    expect([client.errorCode, closes()]).toEqual(["ECONNRESET", { target: 1 }]);
    expect(report()).toMatchObject({ pairs: 0, targets: [{ active: 0, state: "up", lastError: expect.any(String) }] });
  });

  test("a client's reset resets the target", async () => {
    const errors: string[] = [];
    const target = await new FarServer((socket) => {
      socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code!));
      socket.write("x");
    }).open();
    const { port, report, closes } = await relayed({ targets: [target.address] });
    const client = new Client(port);
    await until(() => client.received === "x");
    client.socket.resetAndDestroy();
    await until(() => errors.length === 1 && report().pairs === 0);
    expect([errors, closes()]).toEqual([["ECONNRESET"], { reset: 1 }]);
  });

  test("a target that takes nothing for stallMs ends the pair", async () => {
    const target = await new FarServer((socket) => socket.pause()).open();
    const { port, report, closes } = await relayed({ targets: [target.address], stallMs: 100 });
    const client = new Client(port);
    client.socket.write(Buffer.alloc(16 * 1024 * 1024));
    await until(() => client.closed && report().pairs === 0);
    expect([closes(), report().targets[0]?.lastError]).toEqual([{ target: 1 }, "stalled"]);
  });

  test("a client that finished and a target that says nothing more are let go after finishMs", async () => {
    const target = await new FarServer().open();
    const { port, report, closes } = await relayed({ targets: [target.address], finishMs: 60 });
    const client = new Client(port);
    client.socket.end("x");
    await until(() => client.closed && report().pairs === 0);
    expect(closes()).toEqual({ idle: 1 });
  });
});

test("a target that goes on after its client finished may take longer than finishMs, as long as it says something", async () => {
  const target = await new FarServer((socket) => {
    let said = 0;
    const timer = setInterval(() => {
      socket.write(`${said}`);
      if (++said < 10) return;
      clearInterval(timer);
      socket.end();
    }, 40);
  }).open();
  const { port, closes } = await relayed({ targets: [target.address], finishMs: 250 });
  const client = new Client(port);
  client.socket.end("x");
  await until(() => client.closed);
  expect([client.received, client.errorCode, closes()]).toEqual(["0123456789", undefined, { peer: 1 }]);
});

describe("a target that cannot be reached", () => {
  test("is passed over for the next, and the client does not notice", async () => {
    const live = await naming("live");
    const { port, report } = await relayed({ targets: [await nowhere(), live.address], balance: "first" });
    expect(await ask(port)).toBe("live");
    expect(report().targets).toMatchObject([{ failures: 1, lastError: expect.stringContaining("nobody listens") }, { total: 1 }]); // biome-ignore format: one line
  });

  test("leaves the client closed with no-target when it was the last", async () => {
    const { port, report, closes } = await relayed({ targets: [await nowhere(), await nowhere()] });
    expect(await ask(port)).toBeUndefined();
    await until(() => report().pairs === 0);
    expect([closes(), report().withoutTarget]).toEqual([{ "no-target": 1 }, 1]);
    expect(report().targets.map(({ failures }) => failures)).toEqual([1, 1]);
  });

  test("is tried no more often than attempts", async () => {
    const targets = await Promise.all([nowhere(), nowhere(), nowhere()]);
    const { port, report } = await relayed({ targets, attempts: 2, balance: "first" });
    expect(await ask(port)).toBeUndefined();
    expect(report().targets.map(({ failures }) => failures)).toEqual([1, 1, 0]);
  });

  test("costs connectTimeoutMs when it does not answer", async () => {
    const { address } = await frozen(1);
    const fill = Array.from({ length: 3 }, () => connect(Number(address.split(":")[1]), "127.0.0.1"));
    for (const socket of fill) socket.on("error", () => {});
    const live = await naming("live");
    const { port, report } = await relayed({
      targets: [address, live.address],
      balance: "first",
      connectTimeoutMs: 60,
    });
    expect(await ask(port)).toBe("live");
    expect(report().targets[0]).toMatchObject({ failures: 1, lastError: expect.stringContaining("no answer in time") });
    for (const socket of fill) socket.destroy();
  });

  test("is taken out after failures in a row, and comes back by one trial", async () => {
    const [one, two] = [await naming("one"), await naming("two")];
    const health = { failures: 2, backOffMs: 80 };
    const { port, report } = await relayed({ targets: [one.address, two.address], health });
    const states = () => report().targets.map(({ state }) => state);
    one.close();
    for (let count = 0; count < 6; count++) expect(await ask(port)).toBe("two");
    expect([states(), report().targets[0]?.failures]).toEqual([["down", "up"], 2]);
    await new FarServer().open(); // another port is taken by now
    await one.open();
    const names = new Set<string | undefined>();
    await until(() => {
      void ask(port).then((name) => names.add(name));
      return names.has("one");
    });
    expect([states(), report().withoutTarget]).toEqual([["up", "up"], 0]);
  });

  test("is found by checks before a client meets it, and found again", async () => {
    let [checks, over] = [0, 0];
    const target = await new FarServer((socket) => {
      checks += 1;
      socket.on("close", () => { over += 1; }); // biome-ignore format: one thought
    }).open();
    const { report, server } = await relayed({ targets: [target.address], health: { checkMs: 10, failures: 2 } });
    // Each hangs up, rather than to wait for what a server would have to say.
    await until(() => over >= 3);
    expect(checks - over).toBeLessThanOrEqual(1);
    const state = () => report().targets[0]?.state;
    target.close();
    await until(() => state() === "down");
    await target.open();
    await until(() => state() === "up");
    expect([server.counts().accepted, report().targets[0]?.total]).toEqual([0, 0]);
    await server.stop();
    const atTheEnd = checks;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(checks - atTheEnd).toBeLessThanOrEqual(1);
  });
});

describe("a client that is gone while its target is dialled", () => {
  test("takes its connect with it, and the descriptor", async () => {
    const { address } = await frozen(1);
    const fill = Array.from({ length: 3 }, () => connect(Number(address.split(":")[1]), "127.0.0.1"));
    for (const socket of fill) socket.on("error", () => {});
    const { port, report, closes, server } = await relayed({ targets: [address] });
    const clients = await Promise.all(Array.from({ length: 20 }, () => new Client(port).connected()));
    await until(() => report().pairs === 20);
    const before = descriptors().open;
    for (const { socket } of clients) socket.resetAndDestroy();
    await until(() => report().pairs === 0);
    // Each had a socket of its own, one at the relay and one that the relay dialled with.
    await until(() => descriptors().open === before - 60);
    expect([closes(), server.counts().active, report().targets[0]]).toMatchObject([{ reset: 20 }, 0, { active: 0, failures: 0 }]); // biome-ignore format: one line
    // They left by themselves: nobody was turned away.
    expect(report().withoutTarget).toBe(0);
    for (const socket of fill) socket.destroy();
  });

  test("a server that stops does not wait for the dial", async () => {
    const { address } = await frozen(1);
    const fill = Array.from({ length: 3 }, () => connect(Number(address.split(":")[1]), "127.0.0.1"));
    for (const socket of fill) socket.on("error", () => {});
    const { port, report, server, closes } = await relayed({ targets: [address] });
    await new Client(port).connected();
    await until(() => report().pairs === 1);
    await server.stop({ graceMs: 60_000 });
    expect([closes(), report().pairs, report().withoutTarget]).toEqual([{ shutdown: 1 }, 0, 0]);
    for (const socket of fill) socket.destroy();
  });
});

describe("other options while it runs", () => {
  test("a draining target keeps its pairs and gets no more", async () => {
    const [one, two] = [await naming("one"), await naming("two")];
    const { port, report, server } = await relayed({ targets: [one.address, two.address], balance: "first" });
    const old = new Client(port);
    await until(() => old.received === "one:");
    await server.configure({ targets: [{ address: one.address, draining: true }, two.address], balance: "first" });
    expect(await ask(port)).toBe("two");
    expect(report().targets[0]).toMatchObject({ state: "draining", active: 1, total: 1 });
    old.socket.write("still");
    await until(() => old.received === "one:still");
    await server.configure({ targets: [one.address, two.address], balance: "first" });
    expect(await ask(port)).toBe("one");
    old.socket.destroy();
  });

  test("a target that left the list is reported until its last pair ends; one that stayed keeps its state", async () => {
    const [one, two, three] = [await naming("one"), await naming("two"), await naming("three")];
    const { port, report, server } = await relayed({ targets: [one.address, two.address] });
    const clients = [new Client(port), new Client(port)];
    await until(() => clients.every(({ received }) => received !== ""));
    await server.configure({ targets: [two.address, three.address], connectTimeoutMs: 500 });
    expect(report().targets.map(({ address, state, total }) => [address, state, total])).toEqual([
      [two.address, "up", 1],
      [three.address, "up", 0],
      [one.address, "draining", 1],
    ]);
    expect(report().targets[0]).toMatchObject({ active: 1, bytesFromTarget: 4 });
    for (const client of clients) client.socket.destroy();
    await until(() => report().pairs === 0);
    expect(report().targets.map(({ address }) => address)).toEqual([two.address, three.address]);
  });

  test("a change that is dropped takes nothing of what is known of a target, and asks no other", async () => {
    const dead = await nowhere();
    const health = { failures: 1, checkMs: 1000 };
    const { server, report } = await relayed(
      { targets: [dead], health },
      { handlerOptions: { targets: [dead], health } },
    );
    await until(() => report().targets[0]?.state === "down");
    const before = report().targets[0]!;
    const other = await nowhere();
    const change = await server.prepare({ handlerOptions: { targets: [other], health } });
    expect(report().targets.map(({ address }) => address)).toEqual([dead]);
    await change.drop();
    const after = report().targets;
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ address: dead, state: "down", lastErrorAtMs: expect.any(Number) });
    expect(Math.abs(after[0]!.outSinceMs! - before.outSinceMs!)).toBeLessThan(500);
    expect(after[0]!.failures).toBeGreaterThanOrEqual(before.failures);
  });

  test("balance, health and the rest are taken over", async () => {
    const [one, two] = [await naming("one"), await naming("two")];
    const targets = [one.address, two.address];
    const { port, report, server } = await relayed({ targets, balance: "first", health: { failures: 5 } });
    await server.configure({ targets, balance: "round-robin", health: { failures: 1 } });
    expect([await ask(port), await ask(port)].sort()).toEqual(["one", "two"]);
    one.close();
    expect([await ask(port), await ask(port)]).toEqual(["two", "two"]);
    expect(report().targets[0]).toMatchObject({ state: "down", failures: 1 });
  });

  test("a check's deadline is taken over too, with the same time between checks", async () => {
    const [{ address }, live] = [await frozen(1), await naming("live")];
    const fill = Array.from({ length: 3 }, () => connect(Number(address.split(":")[1]), "127.0.0.1"));
    for (const socket of fill) socket.on("error", () => {});
    const health = { checkMs: 20, checkTimeoutMs: 600_000, failures: 1 };
    const { server, report } = await relayed({ targets: [live.address], health });
    await server.configure({ targets: [address], health: { ...health, checkTimeoutMs: 30 } });
    await until(() => report().targets[0]?.state === "down");
    for (const socket of fill) socket.destroy();
  });

  test("options that are wrong change nothing", async () => {
    const target = await naming("a");
    const { port, server } = await relayed({ targets: [target.address] });
    await expect(server.configure({ targets: ["nonsense"] })).rejects.toMatchObject({ code: "invalid-option" });
    expect(await ask(port)).toBe("a");
  });

  test("clients beyond maxPairs are closed with no-target", async () => {
    const { port, report, closes } = await relayed({ targets: [(await naming("a")).address], maxPairs: 1 });
    const first = new Client(port);
    await until(() => first.received === "a:");
    expect(await ask(port)).toBeUndefined();
    expect([closes(), report()]).toMatchObject([{ "no-target": 1 }, { pairs: 1, withoutTarget: 1 }]);
    first.socket.destroy();
    await until(() => report().pairs === 0);
    expect(await ask(port)).toBe("a");
  });
});

test.each(["v1", "v2"] as const)(
  "a check of a target that expects PROXY headers (%s) is no failure there",
  async (version) => {
    const proxyProtocol = { trusted: ["127.0.0.1"] };
    await using target = await listen({ host: "127.0.0.1", proxyProtocol }, {});
    await relayed({ targets: [`127.0.0.1:${target.port}`], proxyHeader: version, health: { checkMs: 10 } });
    await until(() => target.counts().closed.peer >= 3);
    expect(target.counts().closed["proxy-header"]).toBe(0);
  },
);
