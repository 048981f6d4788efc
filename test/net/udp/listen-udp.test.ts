import { describe, expect, test } from "bun:test";
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { type Asker, listenUdp, type UdpOptions, UdpThread } from "../../../src/net/udp/mod.ts";
import { until } from "../support.ts";
import { Client } from "./client.ts";

const ECHO = new URL("./echo.ts", import.meta.url);
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

async function open(options: Partial<UdpOptions> = {}) {
  const server = await listenUdp(ECHO, { port: 0, ...options });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}

describe("a UDP socket", () => {
  test("answers datagrams, and counts them", async () => {
    await using server = await open();
    await using client = await Client.open(server.port);
    expect(await client.ask("hello")).toBe("hello");
    expect(await client.ask("again")).toBe("again");
    await until(() => server.counts().sent === 2);
    expect(server.counts()).toMatchObject({ received: 2, sent: 2, bytesRead: 10, bytesWritten: 10, sendFailed: 0 });
  });

  test("uses a thread that has loaded its module already, once; a stop ends one that nobody used", async () => {
    const thread = new UdpThread(ECHO);
    await using server = await open({ thread, workers: 2 });
    expect(thread.take()).toBeUndefined();
    await using client = await Client.open(server.port);
    expect(await client.ask("hello")).toBe("hello");
    const unused = new UdpThread(ECHO);
    unused.stop();
    expect(unused.take()).toBeUndefined();
    const wrong = new UdpThread(new URL("./missing.ts", import.meta.url));
    await using other = await open({ thread: wrong });
    await using asking = await Client.open(other.port);
    expect(await asking.ask("hello")).toBe("hello");
  });

  for (const host of ["127.0.0.1", "127.0.0.77", ...(HAS_IPV6 ? ["::1"] : [])]) {
    test(`answers from the address that was asked: ${host}`, async () => {
      await using server = await open();
      await using client = await Client.open(server.port, host);
      client.send("from where");
      expect((await client.next()).from).toBe(host);
      expect(await client.ask("who")).toBe(`${host === "::1" ? "::1" : "127.0.0.1"} ${client.port} 0`);
    });
  }

  test("listens on the addresses it is told, and no other", async () => {
    await using server = await open({ hosts: ["127.0.0.5", "127.0.0.6"] });
    for (const host of ["127.0.0.5", "127.0.0.6"]) {
      await using client = await Client.open(server.port, host);
      client.send("x");
      expect((await client.next()).from).toBe(host);
    }
    await using elsewhere = await open({ hosts: ["127.0.0.7"], port: server.port });
    expect(elsewhere.port).toBe(server.port);
  });

  test("a port that is taken, and an address that this machine lacks, are said so", async () => {
    await using server = await open({ hosts: ["127.0.0.1"] });
    await expect(open({ hosts: ["127.0.0.1"], port: server.port })).rejects.toMatchObject({ code: "port-in-use" });
    await expect(open({ hosts: ["192.0.2.1"] })).rejects.toMatchObject({ code: "address-unavailable" });
  });

  test("answers many that come at once, each with its own", async () => {
    await using server = await open();
    await using client = await Client.open(server.port);
    const sent = Array.from({ length: 200 }, (_, index) => `datagram ${index}`);
    for (const text of sent) client.send(text);
    const came: string[] = [];
    while (came.length < sent.length) came.push((await client.next()).text);
    expect(came.toSorted()).toEqual(sent.toSorted());
  });

  test("some of a batch are not answered, those around them are", async () => {
    await using server = await open();
    await using client = await Client.open(server.port);
    for (const text of ["none", "a", "none", "none", "b", "none"]) client.send(text);
    expect([(await client.next()).text, (await client.next()).text].toSorted()).toEqual(["a", "b"]);
    expect(await client.ask("end")).toBe("end");
    await until(() => server.counts().sent === 3);
    expect(server.counts()).toMatchObject({ received: 7, sent: 3 });
  });

  test("a handler hears when a batch begins and ends", async () => {
    await using server = await open();
    await using client = await Client.open(server.port);
    await client.ask("x");
    expect(await client.ask("batches")).toBe("begin end begin");
  });

  test("a handler that throws leaves that datagram without an answer, is counted, and goes on", async () => {
    await using server = await open();
    await using client = await Client.open(server.port);
    client.send("throw");
    expect(await client.ask("next")).toBe("next");
    expect(server.counts().handlerErrors).toBe(1);
  });

  test("a datagram that is longer than is read is counted and not answered", async () => {
    await using server = await open();
    await using client = await Client.open(server.port);
    client.send(new Uint8Array(5000).fill(65));
    expect(await client.ask("next")).toBe("next");
    expect(server.counts().cut).toBe(1);
  });

  test("a thread that ends is started again, and what came meanwhile is answered", async () => {
    const ended = Promise.withResolvers<void>();
    await using server = await open({ message: () => ended.resolve() });
    await using client = await Client.open(server.port);
    client.send("exit");
    // What came with it in one batch is lost with it; what comes after waits in the kernel.
    await ended.promise;
    client.send("after");
    expect((await client.next()).text).toBe("after");
  });

  test("several threads share the port, and each answers", async () => {
    await using server = await open({ workers: 3 });
    const answered = new Set<string>();
    while (answered.size < 3) {
      await using client = await Client.open(server.port);
      answered.add((await client.ask("who")).split(" ")[2]!);
    }
    expect([...answered].toSorted()).toEqual(["0", "1", "2"]);
  });

  test("messages reach every handler while it blocks, and are answered", async () => {
    const posted: unknown[] = [];
    const arrived = Promise.withResolvers<void>();
    await using server = await open({
      workers: 2,
      start: () => ({ prefix: "old " }),
      message: (message, worker) => {
        posted.push([message, worker]);
        if (posted.length === 2) arrived.resolve();
      },
    });
    await using client = await Client.open(server.port);
    expect(await client.ask("x")).toBe("old x");
    server.post("new ");
    await arrived.promise;
    expect(posted.toSorted()).toEqual([
      ["prefix new ", 0],
      ["prefix new ", 1],
    ]);
    expect(await client.ask("x")).toBe("new x");
  });

  test("a module that does not load says why, and leaves nothing open", async () => {
    const module = new URL("./no-such-module.ts", import.meta.url);
    await expect(listenUdp(module, { port: 0 })).rejects.toThrow("no-such-module");
  });

  test("stops while nothing comes, twice", async () => {
    const server = await listenUdp(ECHO, { port: 0 });
    await Promise.all([server.stop(), server.stop()]);
    await using other = await open({ hosts: ["127.0.0.1"], port: server.port });
    expect(other.port).toBe(server.port);
  });
});

test("a message after the stop is written to no descriptor that has been opened since", async () => {
  const server = await listenUdp(ECHO, { port: 0 });
  await server.stop();
  const folder = mkdtempSync(join(tmpdir(), "tenk-udp-"));
  const files = Array.from({ length: 64 }, (_, index) => openSync(join(folder, `${index}`), "w"));
  try {
    server.post("anybody?");
    expect(files.map((file) => fstatSync(file).size)).toEqual(files.map(() => 0));
  } finally {
    for (const file of files) closeSync(file);
    rmSync(folder, { recursive: true });
  }
});

describe("datagrams that are handed over", () => {
  test("are answered later by the thread that opened the socket, from the address that was asked", async () => {
    const asked: [string, Asker][] = [];
    const came = Promise.withResolvers<void>();
    await using server = await open({
      handedOver: (bytes, asker, note) => {
        expect(note).toBe(bytes.length);
        asked.push([Buffer.from(bytes).toString(), asker]);
        if (asked.length === 50) came.resolve();
      },
    });
    await using client = await Client.open(server.port, "127.0.0.9");
    for (let index = 0; index < 50; index++) client.send(`later ${index}`);
    await came.promise;
    for (const [text, asker] of asked) server.answer(asker, Buffer.from(`now ${text}`), text.length + 4);
    const answers: string[] = [];
    for (let index = 0; index < 50; index++) {
      const { text, from } = await client.next();
      expect(from).toBe("127.0.0.9");
      answers.push(text);
    }
    expect(answers.toSorted()).toEqual(Array.from({ length: 50 }, (_, index) => `now later ${index}`).toSorted());
    expect(server.counts()).toMatchObject({ handedOver: 50, handOverFull: 0 });
  });

  test("are answered although their thread ended before it could tell of them", async () => {
    const came = Promise.withResolvers<string>();
    await using server = await open({ handedOver: (bytes) => came.resolve(Buffer.from(bytes).toString()) });
    await using client = await Client.open(server.port);
    client.send("later, then exit");
    expect(await came.promise).toBe("later, then exit");
  });

  test("are refused when there is no room for them, and counted", async () => {
    await using server = await open({ handOverBytes: 64, handedOver: () => {} });
    await using client = await Client.open(server.port);
    expect(await client.ask("later than any that there is room for")).toBe("later than any that there is room for");
    expect(server.counts()).toMatchObject({ handedOver: 0, handOverFull: 1 });
  });

  test("are refused an answer after the stop", async () => {
    const came = Promise.withResolvers<Asker>();
    const server = await listenUdp(ECHO, { port: 0, handedOver: (_, asker) => came.resolve(asker) });
    await using client = await Client.open(server.port);
    client.send("later");
    const asker = await came.promise;
    await server.stop();
    expect(server.answer(asker, Buffer.from("x"), 1)).toBe(false);
  });
});
