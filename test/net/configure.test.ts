import { expect, test } from "bun:test";
import { listen } from "../../src/net/mod.ts";

test("what a handler accepted and is not to take is dropped by it", async () => {
  const done: string[] = [];
  const configure = (options: unknown) =>
    Object.assign(() => void done.push(`took ${options}`), { drop: () => void done.push(`dropped ${options}`) });
  await using server = await listen({ host: "127.0.0.1" }, { chunk() {}, configure });
  await (await server.prepare({ handlerOptions: 1 })).drop();
  await server.configure(2);
  expect(done).toEqual(["dropped 1", "took 2"]);
});
