import { expect, test } from "bun:test";
import { Crowd } from "../../bench/chat-crowd.ts";
import { listen } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const CHAT = new URL("../../examples/chat.ts", import.meta.url);

test("a chat of a thousand on two event loops: each message reaches each once, also beside some that never read", async () => {
  const options = { host: "127.0.0.1", workers: 2, sendBufferBytes: 8192, subscribers: { maxQueuedBytes: 8192 } };
  await using server = await listen(options, CHAT);
  const crowd = new Crowd(server.port, 3);
  await crowd.join(1000);
  await until(() => server.counts().subscriptions === 1000);
  const alone = await crowd.publish(10, 50, 100);
  expect(alone).toMatchObject({ expected: 9990, received: 9990, wrong: 0 });
  await crowd.joinSilent(10);
  await until(() => server.counts().subscriptions === 1010);
  const beside = await crowd.publish(60, 100, 900);
  expect(beside).toMatchObject({ expected: 59_940, received: 59_940, wrong: 0 });
  expect(server.counts().publishedDropped).toBeGreaterThan(0);
  // A mailbox each, and the rest of one message.
  expect(server.counts().writeQueueBytes).toBeLessThanOrEqual(10 * 1000);
  crowd.leave();
  await until(() => server.counts().active === 0);
  expect(server.counts()).toMatchObject({ subscriptions: 0, writeQueueBytes: 0 });
}, 30_000);
