import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { LiveStreams } from "../../../src/app/admin/live.ts";
import { LogRing } from "../../../src/app/admin/log-ring.ts";
import { History } from "../../../src/metrics/mod.ts";
import { until } from "../../net/support.ts";
import { worldOf } from "./support.ts";

const START = 1_700_000_000_000;

/** A history of whole seconds, and streams over it. */
function streaming(options = {}) {
  const history = new History();
  const log = new LogRing(10);
  let run = { version: 0, value: null as unknown };
  const live = new LiveStreams({ history, log, run: () => run }, options);
  let at = 0;
  return {
    history,
    log,
    live,
    tell(value: unknown) {
      run = { version: run.version + 1, value };
    },
    second(values: Readonly<Record<string, number>> = { a: at }) {
      history.sample(START + at * 1000, at * 1000, (take) => {
        for (const [name, value] of Object.entries(values)) take(name, "gauge", value);
      });
      at += 1;
      live.tick();
    },
  };
}

/** Everything that is told until something is. */
async function told(
  stream: ReadableStream<Uint8Array>,
  upTo: string,
): Promise<{ event: string; data: unknown; id?: string }[]> {
  const reader = stream.getReader();
  let text = "";
  while (!text.includes(upTo)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  const blocks = text.split("\n\n").filter((block) => block.includes("event:"));
  return blocks.map((block) => {
    const lines = new Map(block.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]));
    const id = lines.get("id");
    return { event: lines.get("event")!, data: JSON.parse(lines.get("data")!), ...(id === undefined ? {} : { id }) };
  });
}

describe("a live stream", () => {
  test("sends the names, then each second in their order", async () => {
    const { live, second } = streaming();
    second({ a: 0, b: 0 });
    second({ a: 1, b: 2.123456789 });
    const stream = live.open()!;
    second({ a: 3 });
    second({ a: 5, b: 6 });
    expect(await told(stream, '"v":[5')).toEqual([
      { event: "names", data: { keys: ["a", "b"] } },
      { event: "second", id: `${START / 1000 + 1}`, data: { t: START + 1000, v: [1, 2.12346] } },
      { event: "second", id: `${START / 1000 + 2}`, data: { t: START + 2000, v: [3, null] } },
      { event: "second", id: `${START / 1000 + 3}`, data: { t: START + 3000, v: [5, 6] } },
    ]);
  });

  test("sends the names again when they change", async () => {
    const { live, second } = streaming();
    second({ a: 1 });
    const stream = live.open()!;
    second({ a: 1, b: 2 });
    const names = (await told(stream, "[1,2]")).filter(({ event }) => event === "names");
    expect(names.map(({ data }) => data)).toEqual([{ keys: ["a"] }, { keys: ["a", "b"] }]);
  });

  test("resumes where it was interrupted, without a gap, for 15 minutes", async () => {
    const { live, second } = streaming();
    for (let count = 0; count < 1000; count++) second();
    const seconds = (await told(live.open(START + 120_000)!, '"v":[999]')).filter(({ event }) => event === "second");
    const missed = Array.from({ length: 879 }, (_, index) => START + (121 + index) * 1000);
    expect(seconds.map(({ data }) => (data as { t: number }).t)).toEqual(missed);
  });

  test("sends log lines and the run in progress as they come", async () => {
    const { live, log, second, tell } = streaming();
    log.add({ part: "net", level: "info", message: "before", fields: {} }, START);
    second();
    const stream = live.open()!;
    log.add({ part: "net", level: "warn", message: "after", fields: { of: 1 } }, START + 1);
    tell({ id: "x" });
    second();
    tell(null);
    second();
    const events = (await told(stream, "event: run\ndata: null")).filter(
      ({ event }) => event === "log" || event === "run",
    );
    expect(events).toEqual([
      { event: "log", data: { t: START + 1, level: "warn", part: "net", message: "after", fields: { of: 1 } } },
      { event: "run", data: { id: "x" } },
      { event: "run", data: null },
    ]);
  });

  test("is limited in number: a further one is rejected until one has ended", async () => {
    const { live, second } = streaming({ maxStreams: 2 });
    second();
    const first = live.open()!;
    live.open();
    expect(live.open()).toBeUndefined();
    await first.cancel();
    expect(live.open()).toBeDefined();
  });

  test("buffers nothing for a slow reader, which is dropped and can resume", async () => {
    const { live, second } = streaming({ maxBufferedBytes: 200, stallSeconds: 5 });
    second();
    const slow = live.open()!;
    for (let count = 0; count < 6; count++) {
      expect(live.size).toBe(1);
      second();
    }
    for (let count = 0; count < 20 && live.size > 0; count++) second();
    expect(live.size).toBe(0);
    expect(slow.getReader().read()).rejects.toThrow("too slow");
  });
});

test("a stream over a real connection ends when its reader closes", async () => {
  const { world, serve } = worldOf();
  const server = await serve();
  const socket = connect(server.port, "127.0.0.1", () =>
    socket.write("GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  );
  let seen = "";
  socket.on("data", (bytes) => {
    seen += bytes.toString();
  });
  await until(() => seen.includes("event: names"));
  expect(seen).toContain("Content-Type: text/event-stream");
  expect(world.live.size).toBe(1);
  socket.destroy();
  await until(() => {
    world.live.tick();
    return world.live.size === 0;
  });
  await server.stop();
});
