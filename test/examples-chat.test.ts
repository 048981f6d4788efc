import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { listen } from "../src/net/mod.ts";
import { Client, until } from "./net/support.ts";

const CHAT = new URL("../examples/chat.ts", import.meta.url);

test("examples/chat.ts has ten lines at most", () => {
  expect(readFileSync(CHAT, "utf8").trim().split("\n").length).toBeLessThanOrEqual(10);
});

test.each([1, 2])("it is a chat, on %i event loops", async (workers) => {
  await using server = await listen({ host: "127.0.0.1", workers }, CHAT);
  const [ann, ben] = [await new Client(server.port).connected(), await new Client(server.port).connected()];
  await until(() => server.counts().subscriptions === 2);
  ann.socket.write("hello\nare you");
  await until(() => /^\d+: hello\n$/.test(ben.received));
  ann.socket.write(" there?\n");
  ben.socket.write("yes\n");
  await until(() => /^(\d+): hello\n\1: are you there\?\n$/.test(ben.received) && /^\d+: yes\n$/.test(ann.received));
  ben.socket.write("x".repeat(2000));
  await until(() => ben.closed && server.counts().closed["bad-frame"] === 1);
  ann.socket.destroy();
});
