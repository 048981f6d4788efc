import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, until } from "../net/support.ts";
import { greeter, greetings, portOf, withInstance } from "./reload-support.ts";

/** Runs `then` in the load of it that is the `nth`, over all event loops. */
const atLoad = (nth: number, then: string) => `import { existsSync, openSync } from "node:fs";
let load = 1;
for (; ; load++) try { openSync(import.meta.dir + "/load-" + load, "wx"); break; } catch {}
if (load === ${nth}) { ${then} }`;

/** A connection that has heard its greeting. */
async function heldOpen(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

const FAILS = 'throw new Error("not on this loop");';
/** Ends when the test has made the file `go`: however long it took to see that the loading had begun. */
const WAITS = 'while (!existsSync(import.meta.dir + "/go")) await new Promise((resolve) => setTimeout(resolve, 5));';

describe("a reload with a listener that has to start anew", () => {
  test.each([
    ["its handler throws", "handler: ./fails.ts, workers: 2", "not on this loop"],
    ["its handler throws, on one loop", "handler: ./fails.ts, noDelay: false", "not on this loop"],
  ])("changes nothing where %s: its connections stay", async (_, changed, why) => {
    const files = { "old.ts": greeter("old"), "new.ts": greeter("new"), "fails.ts": greeter("new", FAILS) };
    const port = await freePort();
    const config = (a: string, z: string) => `tcp:
  a: { listen: "127.0.0.1:${port}", ${a} }
  z: { listen: "127.0.0.1:0", handler: ./${z}.ts }\n`;
    await withInstance(files, config("handler: ./old.ts", "old"), async (instance, reload, _, said) => {
      const held = await heldOpen(port);
      expect(await reload(config(changed, "new"))).toContain(why);
      expect([await greetings(port), await greetings(portOf(instance, "z"))]).toEqual([["old"], ["old"]]);
      expect(said().filter((line) => /^(listener|handler)/.test(line))).toEqual([]);
      expect(held.closed).toBe(false);
      held.destroy();
    });
  });

  test("restores all listeners when one cannot start after its dry run", async () => {
    const old = `let word = "old";
export default { open: (connection) => connection.write(word), stopped() { word = "stopped"; } };`;
    const third = greeter("new", atLoad(3, FAILS));
    const files = { "old.ts": old, "same.ts": greeter("old"), "new.ts": greeter("new"), "third.ts": third };
    const [port, other] = [await freePort(), await freePort()];
    const config = (a: string, b: string, z: string) => `tcp:
  a: { listen: "127.0.0.1:${port}", ${a} }
  b: { listen: "127.0.0.1:${other}", ${b} }
  z: { listen: "127.0.0.1:0", handler: ./${z}.ts }\n`;
    const before = config("handler: ./old.ts", "handler: ./old.ts, workers: 2", "same");
    const after = config("handler: ./new.ts, noDelay: false", "handler: ./third.ts, workers: 2, noDelay: false", "new");
    await withInstance(files, before, async (instance, reload, _, said) => {
      const state = async () => [await greetings(port), await greetings(other), await greetings(portOf(instance, "z"))];
      expect(await reload(after)).toContain("not on this loop");
      expect(await state()).toEqual([["old"], ["old"], ["old"]]);
      expect(instance.listeners.map(({ name, port }) => [name, port]).slice(0, 2)).toEqual([
        ["a", port],
        ["b", other],
      ]);
      expect(said()).toContain("listener restored a");
      expect(said()).toContain("listener restored b");
      expect(await reload(after)).toBe("reloaded");
      expect(await state()).toEqual([["new"], ["new"], ["new"]]);
    });
  });

  test("changes listeners of two parts together, or restores those of both", async () => {
    const files = { "old.ts": greeter("old"), "third.ts": greeter("new", atLoad(3, FAILS)) };
    const [port, web] = [await freePort(), await freePort()];
    const config = (tcp: string, proxy: string, answer: string) => `services:
  hi: { respond: ${answer}, hosts: [hi.lan], plainHttp: serve }
proxy: { https: off, http: "127.0.0.1:${web}", ${proxy} }
tcp: { a: { listen: "127.0.0.1:${port}", ${tcp} } }\n`;
    const answer = async () =>
      (await fetch(`http://127.0.0.1:${web}/`, { headers: { host: "hi.lan" }, keepalive: false })).text();
    const before = config("handler: ./old.ts", "workers: 1", "before");
    const after = config("handler: ./third.ts, workers: 2", "workers: 2", "after");
    await withInstance(files, before, async (instance, reload, _, said) => {
      const workers = () => instance.listeners.map(({ name, workers }) => [name, workers]);
      expect(await reload(after)).toContain("not on this loop");
      expect([await greetings(port), await answer()]).toEqual([["old"], "before"]);
      expect(workers()).toEqual([
        ["http", 1],
        ["a", 1],
      ]);
      expect(said()).toEqual(expect.arrayContaining(["listener restored http", "listener restored a"]));
      expect(await reload(after)).toBe("reloaded");
      expect([await greetings(port), await answer()]).toEqual([["new"], "after"]);
      expect(workers()).toEqual([
        ["http", 2],
        ["a", 2],
      ]);
    });
  });

  test("says why it refuses, whatever a handler says that is let go of for it", async () => {
    const rude = 'export default () => ({ open() {}, stopped() { throw new Error("rude") } });';
    const files = { "old.ts": greeter("old"), "rude.ts": rude, "fails.ts": greeter("new", FAILS) };
    const config = (a: string, b: string) => `tcp:
  a: { listen: "127.0.0.1:0", ${a} }
  b: { listen: "127.0.0.1:0", ${b} }\n`;
    await withInstance(files, config("handler: ./old.ts", "handler: ./old.ts"), async (instance, reload) => {
      const after = config("handler: ./rude.ts, noDelay: false", "handler: ./fails.ts, noDelay: false");
      expect(await reload(after)).toContain("not on this loop");
      expect(await greetings(portOf(instance, "a"))).toEqual(["old"]);
    });
  });

  test("swaps the ports of two, or of neither", async () => {
    const files = { "a.ts": greeter("a"), "b.ts": greeter("b"), "fails.ts": greeter("b", FAILS) };
    const [one, two] = [await freePort(), await freePort()];
    const config = (a: number, b: number, handler: string) => `tcp:
  a: { listen: "127.0.0.1:${a}", handler: ./a.ts }
  b: { listen: "127.0.0.1:${b}", handler: ./${handler}.ts }\n`;
    await withInstance(files, config(one, two, "b"), async (_, reload) => {
      expect(await reload(config(two, one, "fails"))).toContain("not on this loop");
      expect([await greetings(one), await greetings(two)]).toEqual([["a"], ["b"]]);
      expect(await reload(config(two, one, "b"))).toBe("reloaded");
      expect([await greetings(one), await greetings(two)]).toEqual([["b"], ["a"]]);
    });
  });

  test.each([["1"], ["2"]])("goes to another host of the port it has (%s loops)", async (workers) => {
    const port = await freePort();
    const config = (host: string) =>
      `tcp: { a: { listen: "${host}:${port}", handler: ./a.ts, workers: ${workers} } }\n`;
    await withInstance({ "a.ts": greeter("a") }, config("127.0.0.1"), async (instance, reload) => {
      expect(await reload(config("198.51.100.7"))).toContain("this machine has no such address");
      expect(await greetings(port)).toEqual(["a"]);
      expect(await reload(config("0.0.0.0"))).toBe("reloaded");
      expect(await greetings(port)).toEqual(["a"]);
      expect(instance.listeners[0]).toMatchObject({ host: "0.0.0.0", port });
      expect(await reload(config("127.0.0.1"))).toBe("reloaded");
      expect(instance.listeners[0]).toMatchObject({ host: "127.0.0.1", port });
    });
  });
});

test.each([["1"], ["2"]])(
  "a listener keeps the free port it was given when it starts anew (%s loops)",
  async (workers) => {
    const config = (noDelay: boolean, handler: string) =>
      `tcp: { a: { listen: "127.0.0.1:0", handler: ./${handler}.ts, noDelay: ${noDelay}, workers: ${workers} } }\n`;
    const files = { "a.ts": greeter("a"), "third.ts": greeter("b", atLoad(Number(workers) + 1, FAILS)) };
    await withInstance(files, config(true, "a"), async (instance, reload, _, said) => {
      const port = portOf(instance, "a");
      expect(await reload(config(false, "a"))).toBe("reloaded");
      expect([portOf(instance, "a"), await greetings(port)]).toEqual([port, ["a"]]);
      const before = said().length;
      expect(await reload(config(false, "a"))).toBe("reloaded");
      expect(said().slice(before)).toEqual(["reloaded"]);
      if (workers === "1") return;
      expect(await reload(config(true, "third"))).toContain("not on this loop");
      expect([portOf(instance, "a"), await greetings(port)]).toEqual([port, ["a"]]);
    });
  },
);

test.each([["unix:./SOCKET"], ["unix:@SOCKET"]])("a Unix socket starts anew at its path, %s", async (place) => {
  const config = (path: string, handler: string) =>
    `tcp: { a: { listen: "${path}", handler: ./${handler}.ts, sendBuffer: ${handler === "old" ? 0 : "64KiB"} } }\n`;
  const files = { "old.ts": greeter("old"), "new.ts": greeter("new"), "fails.ts": greeter("new", FAILS) };
  const name = `reload-${process.pid}-${performance.now()}`;
  const path = place.startsWith("unix:@") ? `\0${name}` : join(tmpdir(), name);
  const address = `unix:${path.replace("\0", "@")}`;
  await withInstance(files, config(address, "old"), async (_, reload) => {
    expect(await greetings(path)).toEqual(["old"]);
    expect(await reload(config(address, "fails"))).toContain("not on this loop");
    expect(await greetings(path)).toEqual(["old"]);
    expect(await reload(config(address, "new"))).toBe("reloaded");
    expect(await greetings(path)).toEqual(["new"]);
  });
});

describe("a stop while a listener starts anew", () => {
  test.each([
    ["is proved", 1],
    ["takes its place", 3],
  ])("and it %s leaves nothing that listens, and says of nothing that it started", async (_, load) => {
    const files = { "old.ts": greeter("old"), "slow.ts": greeter("slow", atLoad(load, WAITS)) };
    const port = await freePort();
    const config = (a: string) => `tcp: { a: { listen: "127.0.0.1:${port}", ${a} } }\n`;
    await withInstance(files, config("handler: ./old.ts"), async (instance, reload, folder, said) => {
      const reloaded = reload(config("handler: ./slow.ts, workers: 2"));
      await until(() => existsSync(join(folder, `load-${load}`)));
      const stopped = instance.stop(0);
      writeFileSync(join(folder, "go"), "");
      await stopped;
      expect(await greetings(port)).toEqual(["ECONNREFUSED"]);
      expect(await reloaded).toBe("Cannot reload: it is stopping");
      expect(said().filter((line) => /started|as it was|gone/.test(line))).toEqual([]);
      expect(await greetings(port)).toEqual(["ECONNREFUSED"]);
    });
  });
});
