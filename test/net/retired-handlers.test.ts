import { describe, expect, test } from "bun:test";
import { RetiredHandlers } from "../../src/net/loop/retired-handlers.ts";
import { listen } from "../../src/net/mod.ts";
import type { Handler } from "../../src/net/types.ts";
import { Client, until } from "./support.ts";

describe("a handler that was replaced", () => {
  test("is stopped once the last connection of its time is closed, after its close", async () => {
    const said: string[] = [];
    const named = (name: string): Handler => ({
      chunk() {},
      close: () => void said.push(`${name} close`),
      stopped: () => void said.push(`${name} stopped`),
    });
    await using server = await listen({ host: "127.0.0.1" }, named("one"));
    const [a, b] = [await new Client(server.port).connected(), await new Client(server.port).connected()];
    await until(() => server.counts().active === 2);
    await server.replaceHandler(named("two"));
    const c = await new Client(server.port).connected();
    await until(() => server.counts().active === 3);
    a.socket.destroy();
    c.socket.destroy();
    await until(() => server.counts().active === 1);
    expect(said.toSorted()).toEqual(["one close", "two close"]);
    await server.replaceHandler(named("three"));
    await until(() => said.includes("two stopped"));
    b.socket.destroy();
    await until(() => said.includes("one stopped"));
    expect(said.slice(-2)).toEqual(["one close", "one stopped"]);
    await server.stop();
    expect(said.filter((each) => each.endsWith("stopped"))).toEqual(["two stopped", "one stopped", "three stopped"]);
  });

  test("without connections is stopped at once, and the same one again is not replaced", async () => {
    let stopped = 0;
    const handler: Handler = { chunk() {}, stopped: () => void stopped++ };
    await using server = await listen({ host: "127.0.0.1" }, handler);
    await server.replaceHandler(handler);
    expect(stopped).toBe(0);
    await server.replaceHandler({ chunk() {} });
    await until(() => stopped === 1);
  });

  test("owns the connections since the one before it", () => {
    const stopped: Handler[] = [];
    const past = new RetiredHandlers((handler) => stopped.push(handler));
    const [one, two, three] = [{}, {}, {}];
    past.add(one, [1, 2], 2);
    past.add(two, [1, 2, 3], 3);
    past.add(three, [1, 2, 3], 3);
    expect(stopped).toEqual([three]);
    past.left(2);
    past.left(9);
    past.left(3);
    expect(stopped).toEqual([three, two]);
    past.left(1);
    expect(stopped).toEqual([three, two, one]);
  });
});
