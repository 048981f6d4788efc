import { afterEach, describe, expect, test } from "bun:test";
import { type Handler, listen, type Server } from "../../src/net/mod.ts";
import { type DumpOptions, dumping } from "../../src/tcp/dump/mod.ts";
import { lines as linesFraming } from "../../src/wire/mod.ts";
import { Client, until } from "../net/support.ts";

let server: Server | undefined;
afterEach(() => server?.stop({ graceMs: 0 }));

/** A server whose handler is dumped, and what was printed: without time, port and the connection's number. */
async function dumped(handler: Handler, options: DumpOptions = {}) {
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text.replace(/\d\d:\d\d:\S+ #\d+ (.*?):\d+ /, "$1 "));
  server = await listen({ host: "127.0.0.1" }, dumping(handler, { print, ...options }));
  return { printed, client: () => new Client(server!.port).connected() };
}

describe("a dump", () => {
  test("shows what comes and goes, until the close", async () => {
    const { printed, client } = await dumped({ chunk: (connection, bytes) => connection.write(bytes) });
    const one = await client();
    one.socket.end("hi\x1b[2J");
    await until(() => one.closed && printed.length === 4);
    expect(printed).toEqual([
      "127.0.0.1 + open",
      "127.0.0.1 < 6 bytes hi\\x1b[2J",
      "127.0.0.1 > 6 bytes hi\\x1b[2J",
      "127.0.0.1 - closed: peer, 6 bytes in, 6 bytes out",
    ]);
  });

  test("shows raw chunks where the handler gets frames, strings that are written, and what is published", async () => {
    const handler: Handler = {
      framing: linesFraming(),
      open: (connection) => connection.subscribe("news"),
      frame(connection, line) {
        connection.write("ok\n");
        connection.publish("news", line);
      },
    };
    const { printed, client } = await dumped(handler);
    const [one, two] = [await client(), await client()];
    await until(() => printed.length === 2);
    one.socket.write("a\nb");
    await until(() => two.received === "a" && one.received === "ok\n");
    expect(printed.slice(2)).toEqual([
      "127.0.0.1 < 3 bytes a\\nb",
      "127.0.0.1 > 3 bytes ok\\n",
      "127.0.0.1 > 1 byte a",
    ]);
  });

  test("goes on behind a change of handler", async () => {
    const later: Handler = { chunk: (connection) => connection.write("later") };
    const { printed, client } = await dumped({
      chunk(connection) {
        connection.handler = later;
      },
    });
    const one = await client();
    one.socket.write("1");
    await until(() => printed.length === 2);
    one.socket.write("2");
    await until(() => one.received === "later");
    expect(printed.slice(1)).toEqual(["127.0.0.1 < 1 byte 1", "127.0.0.1 < 1 byte 2", "127.0.0.1 > 5 bytes later"]);
  });

  test("leaves alone whom the filter leaves out: they get the handler itself", async () => {
    const seen: unknown[] = [];
    const handler: Handler = { open: (connection) => seen.push(connection.handler === handler) };
    const { printed, client } = await dumped(handler, { filter: ["10.0.0.0/8"] });
    await client();
    await until(() => seen.length === 1);
    expect([seen, printed]).toEqual([[true], []]);
  });

  test.each([[["127.0.0.0/8"]], [["192.0.2.1", "127.0.0.1"]]])("shows whom the filter %j names", async (filter) => {
    const { printed, client } = await dumped({}, { filter });
    await client();
    await until(() => printed.length === 1);
  });

  test("is bounded in a second, and says what it left out once that is over", async () => {
    let nowMs = 0;
    const { printed, client } = await dumped({ chunk() {} }, { linesPerSecond: 2, now: () => nowMs });
    const [one, two] = [await client(), await client()];
    await until(() => printed.length === 2);
    for (const each of [one, two]) each.socket.write("not shown");
    await until(() => server!.counts().reads === 2);
    expect(printed).toHaveLength(2);
    nowMs = 1000;
    one.socket.write("shown");
    await until(() => printed.length === 4);
    expect(printed[2]).toEndWith(" … 2 lines not shown");
    expect(printed[3]).toBe("127.0.0.1 < 5 bytes shown");
  });

  test("says what it left out also when nothing more comes", async () => {
    const { printed, client } = await dumped({ chunk() {} }, { linesPerSecond: 1, now: () => 0 });
    (await client()).socket.write("x");
    await until(() => printed.length === 2);
    expect(printed[1]).toEndWith(" … 1 line not shown");
  });

  test.each([
    ["text", false, "127.0.0.1 < 1 byte A"],
    ["text", true, "\x1b[36m127.0.0.1 < 1 byte A\x1b[0m"],
    ["hex", false, `127.0.0.1 < 1 byte\n\t0x0000:  41${" ".repeat(39)}A`],
  ] as const)("as %s, coloured %j", async (format, colour, expected) => {
    const { printed, client } = await dumped({ chunk() {} }, { format, colour });
    (await client()).socket.write("A");
    await until(() => printed.length === 2);
    expect(printed[1]).toBe(expected);
  });

  test("leaves the handler's own methods and private fields as they are", async () => {
    class Counting implements Handler {
      #chunks = 0;
      chunk() {
        this.#chunks += 1;
      }
      report() {
        return this.#chunks;
      }
    }
    const handler = Object.freeze(new Counting());
    const { printed, client } = await dumped(handler);
    (await client()).socket.write("A");
    await until(() => printed.length === 2);
    expect(await server!.reports()).toEqual([1]);
  });

  test.each([
    [{ format: "binary" as "hex" }, "format"],
    [{ maxBytesPerLine: 0 }, "maxBytesPerLine"],
    [{ linesPerSecond: 0.5 }, "linesPerSecond"],
    [{ filter: ["10.0.0.0/33"] }, "10.0.0.0/33"],
  ])("%j is refused by name", (options, name) => {
    expect(() => dumping({}, options)).toThrow(name);
  });
});
