import { expect, test } from "bun:test";
import { connect, listen, openVitals } from "../../src/net/mod.ts";

/** Fewer than a turn that has gathered by itself. */
const CONNECTIONS = 60;
const ROUNDS = 2000;

/** Each connection sends a byte about each millisecond. @returns once the loop has slept, or all was sent */
async function dense(gatherUs: number, rounds = ROUNDS) {
  const vitals = openVitals();
  const before = vitals.read().gathers;
  let read = 0;
  await using server = await listen({ host: "127.0.0.1", gatherUs }, { chunk: (_, bytes) => (read += bytes.length) });
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => connect({ host: "127.0.0.1", port: server.port }, {})),
  );
  let sent = 0;
  for (let round = 0; round < rounds && vitals.read().gathers === before; round++) {
    for (const client of clients) sent += client.write("x");
    await Bun.sleep(0.5);
  }
  while (read < sent) await Bun.sleep(1);
  for (const client of clients) client.close();
  vitals.stop();
  return { sent, read, gathers: vitals.read().gathers - before };
}

test("a loop under dense traffic sleeps between its turns, and loses nothing", async () => {
  const { sent, read, gathers } = await dense(100);
  expect(gathers).toBeGreaterThan(0);
  expect(read).toBe(sent);
});

test("gatherUs: 0 never sleeps", async () => {
  expect((await dense(0, 200)).gathers).toBe(0);
});
