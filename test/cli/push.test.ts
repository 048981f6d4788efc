import { expect, test } from "bun:test";
import { createServer } from "node:http";
import { readWriteRequest, unsnappy } from "../metrics/remote-write-support.ts";
import { startTenk, tenk } from "./tenk.ts";

test.each([
  [["up", "--push-every", "5s"], "tenk: --push-every needs --push"],
  [
    ["up", "--push", "http://127.0.0.1", "--push-every", "10ms"],
    '--push-every: Cannot use "10ms": expected 1s or more',
  ],
  [["run", "chat.ts", "--push-every", "5s"], "tenk: --push-every needs --push"],
  [["demo", "--push-every", "5s"], "tenk: --push-every needs --push"],
  [["load", "tcp", "127.0.0.1:1", "--push", "me:hush@box"], "--push: Cannot push there: expected an address"],
  [["run", "chat.ts", "--push", "me:hush@box"], "--push: Cannot push there: expected an address"],
])("%j is refused, and shows no password", async (words, complaint) => {
  const { code, stderr } = await tenk(words);
  expect([code, stderr]).toEqual([2, expect.stringContaining(complaint)]);
  expect(stderr).not.toContain("hush");
});

const NAME = "tenk_load_messages_sent_total";

/** Takes what is pushed. */
async function startReceiver() {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://me:hush@127.0.0.1:${port}`,
    series: () => bodies.flatMap((body) => readWriteRequest(unsnappy(body))),
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

test("a load test shorter than the time between two pushes is pushed whole", async () => {
  await using receiver = await startReceiver();
  const instance = startTenk([
    "up",
    "--listen",
    "127.0.0.1:0",
    "--handler",
    "echo",
    "--dashboard",
    "127.0.0.1:0",
    "--json",
  ]);
  const { listeners } = JSON.parse((await instance.sees("stdout", /^{.*}$/m))[0]);
  const words = [
    "-c",
    "5",
    "-r",
    "20",
    "-m",
    "ping",
    "-T",
    "1s",
    "--latency-marker",
    "ping",
    "--stats-url",
    "none",
    "--no-live",
    // On a busy machine it may well be late.
    "--expect",
    "lost=0",
  ];
  const load = await tenk([
    "load",
    "tcp",
    `127.0.0.1:${listeners[0].port}`,
    ...words,
    "--push",
    receiver.url,
    "--json",
    "-",
  ]);
  instance.child.kill("SIGTERM");
  await instance.ended;
  expect([load.code, load.stderr.includes("hush")]).toEqual([0, false]);
  const { messages } = JSON.parse(load.stdout);
  const [, run] = /pushing .*run=(\S+)/.exec(load.stderr) ?? [];
  const last = new Map<string, number>();
  for (const { labels, values, bits } of receiver.series()) {
    const of = new Map(labels);
    expect([of.get("job"), of.get("run"), of.get("target")]).toEqual([
      "tenk-load",
      run,
      `127.0.0.1:${listeners[0].port}`,
    ]);
    if (bits[0] !== "7ff0000000000002")
      last.set(`${of.get("__name__")} ${of.get("quantile") ?? ""}`.trim(), values[0]!);
  }
  expect(last.get("tenk_load_messages_sent_total")).toBe(messages.sent);
  expect(last.get("tenk_load_messages_received_total")).toBe(messages.received);
  expect(last.get("tenk_load_connections_opened_total")).toBe(5);
  expect(last.get("tenk_load_latency_seconds 0.99")).toBeGreaterThan(0);
  expect(last.get("tenk_load_latency_seconds_count")).toBe(messages.received);
});

test("a demo pushes its load test", async () => {
  await using receiver = await startReceiver();
  const words = ["demo", "-c", "5", "-r", "10", "-T", "1s", "--no-live", "--json", "-", "--push", receiver.url];
  const { messages } = JSON.parse((await tenk(words)).stdout);
  const sent = receiver
    .series()
    .filter(({ labels, bits }) => new Map(labels).get("__name__") === NAME && bits[0] !== "7ff0000000000002");
  expect([messages.sent > 0, sent.at(-1)!.values[0]]).toEqual([true, messages.sent]);
});
