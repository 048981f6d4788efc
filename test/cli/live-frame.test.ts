import { describe, expect, test } from "bun:test";
import { liveView, remember } from "../../src/cli/live.ts";
import { bar, fit, liveFrame, plainLine, sparkline } from "../../src/cli/live-frame.ts";
import { shownWidth } from "../../src/cli/table.ts";
import { paintsFor, Terminal } from "../../src/cli/terminal.ts";
import type { LoadSnapshot } from "../../src/load/mod.ts";

const SNAPSHOT: LoadSnapshot = {
  elapsedMs: 12_400,
  phase: "send",
  durationMs: 30_000,
  connections: { wanted: 10_000, open: 9_988, opened: 10_000, failed: 0, lost: 12 },
  messages: {
    planned: 1_240_000,
    sent: 1_239_000,
    late: 3,
    dropped: 0,
    received: 1_000,
    unanswered: 0,
    unexpected: 0,
    answersTold: true,
    perSecondSent: 100_000,
    perSecondReceived: 0,
  },
  bytes: { sent: 4_956_000, received: 0, perSecondSent: 400_000, perSecondReceived: 0 },
  latencyUs: { p50: 200, p90: 400, p99: 1_200, max: 8_000, buckets: [0, 0, 0, 0, 0, 0, 0, 10, 900, 90, 8, 2, 0, 1, 0] },
  lastSecondUs: { p50: 0, p99: 0, max: 0, delayP99: 0, delayMax: 0 },
  generator: { cpuPercent: 46.2, loopLagP99Us: 1_100, rssBytes: 32 * 1024 * 1024, debtMessages: 0 },
};

const HISTORY = { sentPerSecond: [10_000, 50_000, 100_000], receivedPerSecond: [0, 0, 0], p99Us: [1, 2, 3] };
const PLAIN = paintsFor({ write: () => undefined }, {});
const COLOURED = paintsFor({ isTTY: true, write: () => undefined }, {});

function frame(width: number, paints = PLAIN, snapshot = SNAPSHOT): string[] {
  return liveFrame({
    title: "tenk load tcp 127.0.0.1:9091",
    snapshot,
    history: HISTORY,
    width,
    paints,
    keys: "q ends",
  });
}

describe("the live view of HTTP", () => {
  const protocol = { kind: "http", model: "closed", errors: 2, wrong: 7 } as const;
  const closed: LoadSnapshot = { ...SNAPSHOT, protocol };
  const open: LoadSnapshot = { ...SNAPSHOT, protocol: { ...protocol, model: "open" } };

  test("has requests, answers, errors and wrong answers; nothing is late where nothing was planned", () => {
    for (const text of [frame(120, PLAIN, closed).join("\n"), plainLine(closed)]) {
      expect(text).toMatch(/requests .*errors 2[\s\S]*wrong 7/);
      expect(text).not.toMatch(/\blate\b|dropped|debt|\bsent |received/);
    }
    expect(frame(120, PLAIN, closed)[3]).toStartWith("answers ");
    expect(frame(120, PLAIN, open).join("\n")).toMatch(/requests .*errors 2 {2}late 3 {2}dropped 0[\s\S]*debt 0/);
    expect(plainLine(open)).toContain("late 3  dropped 0  errors 2  wrong 7");
  });

  test.each([40, 66, 80, 100])("cuts no number of the latencies at %d columns", (width) => {
    const line = frame(width, PLAIN, closed).find((each) => each.startsWith("latency"))!;
    expect(line).toMatch(
      /^latency {5}p50 200us( {2}(p90 400us|p99 1\.2ms|max 8ms|64us[▁▂▃▄▅▆▇█]+8\.19ms|p99 [▁▂▃▄▅▆▇█]*))*$/,
    );
  });
});

describe("the live view", () => {
  test("shows connections, rates, latency, the generator and the time left", () => {
    const text = frame(120).join("\n");
    for (const part of [
      "9,988 of 10,000",
      "lost 12",
      "100k/s",
      "1,239,000",
      "late 3",
      "p50 200us",
      "max 8ms",
      "64us▁█▂▁▁▁▁8.19ms",
      "46% of a core",
      "41%",
      "17.6s left",
      "q ends",
    ]) {
      expect(text).toContain(part);
    }
  });

  test.each([20, 40, 60, 80, 120, 300])("has no line longer than %d columns", (width) => {
    for (const paints of [PLAIN, COLOURED]) {
      expect(Math.max(...frame(width, paints).map(shownWidth))).toBeLessThanOrEqual(width);
    }
  });

  test("does not fail on a run that has not begun, or lasts no time", () => {
    const nothing = { p50: 0, p90: 0, p99: 0, max: 0, buckets: [] };
    const early = {
      ...SNAPSHOT,
      elapsedMs: 0,
      durationMs: 0,
      latencyUs: nothing,
      connections: { wanted: 0, open: 0, opened: 0, failed: 0, lost: 0 },
    };
    expect(frame(80, PLAIN, early).join("\n")).toContain("nothing came back");
    expect(frame(80, PLAIN, { ...SNAPSHOT, durationMs: Number.POSITIVE_INFINITY }).join("\n")).toContain(
      "12.4s so far",
    );
  });

  test("tells what comes back also where answers are not told apart", () => {
    const untold = {
      ...SNAPSHOT,
      messages: { ...SNAPSHOT.messages, received: 1_200_000, answersTold: false, perSecondReceived: 99_000 },
      bytes: { ...SNAPSHOT.bytes, received: 4_800_000, perSecondReceived: 396_000 },
      latencyUs: { p50: 0, p90: 0, p99: 0, max: 0, buckets: [] },
    };
    const text = frame(120, PLAIN, untold).join("\n");
    expect(text).toMatch(/^received +99k\/s +387 KiB\/s .* 1,200,000$/m);
    expect(text).toMatch(/^latency +answers are not told apart: add --wait-reply$/m);
    expect(plainLine(untold)).toContain("  received 387 KiB/s  ");
    expect(plainLine(untold)).toContain("  answers are not told apart: add --wait-reply  ");
    const nothing = { ...untold, bytes: { ...untold.bytes, received: 0, perSecondReceived: 0 } };
    expect(frame(120, PLAIN, nothing).join("\n")).toContain("nothing came back");
    expect(plainLine(nothing)).not.toContain("--wait-reply");
  });

  test("is one line a second where there is no terminal", () => {
    let written = "";
    const view = liveView(new Terminal({ write: (text) => (written += text) }), {
      title: "title",
      keys: "",
      live: true,
    });
    for (const elapsedMs of [0, 250, 500, 750, 1000, 1250, 2600, 2850, 3100, 250, 500])
      view.show({ ...SNAPSHOT, elapsedMs });
    expect(
      written
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(["0ms", "1s", "2.6s", "3.1s", "300ms"]);
    expect(plainLine(SNAPSHOT)).toBe(
      "12.4s sending  connections 9988/10000  sent 100k/s  received 0/s  late 3  dropped 0  failed 0  lost 12  p50 200us  p99 1.2ms  cpu 46%",
    );
  });
});

describe("its parts", () => {
  test.each([
    [[], 8, ""],
    [[0, 0], 8, "▁▁"],
    [[0, 1, 2, 3, 4, 5, 6, 7], 8, "▁▂▃▄▅▆▇█"],
    [[7, 0, 7], 2, "▁█"],
    [[1], 0, ""],
  ])("sparkline of %j in %d columns is %p", (values, width, line) => {
    expect(sparkline(values, width)).toBe(line);
  });

  test.each([
    [0, 4, "    "],
    [0.5, 4, "██  "],
    [1, 4, "████"],
    [1 / 32, 4, "▏   "],
    [2, 2, "██"],
    [1, 0, ""],
  ])("bar of %d in %d columns is %p", (share, width, line) => {
    expect(bar(share, width)).toBe(line);
  });

  test.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "abc"],
    ["\x1b[31mabcd\x1b[0m", 2, "\x1b[31mab\x1b[0m"],
  ])("%j fits %d columns as %j", (line, width, cut) => {
    expect(fit(line, width)).toBe(cut);
  });
});

test("what is remembered of latency is that of each second", () => {
  const history = { sentPerSecond: [], receivedPerSecond: [], p99Us: [] as number[] };
  for (const p99 of [900, 90_000, 1_000]) {
    remember(history, {
      ...SNAPSHOT,
      latencyUs: { ...SNAPSHOT.latencyUs, p99: 90_000 },
      lastSecondUs: { ...SNAPSHOT.lastSecondUs, p99 },
    });
  }
  expect(history.p99Us).toEqual([900, 90_000, 1_000]);
});
