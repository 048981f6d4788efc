import { describe, expect, test } from "bun:test";
import { LiveRun } from "../../../src/app/admin/live-run.ts";
import { type RunSeries, runSeries } from "../../../src/dash/mod.ts";
import { fakeSnapshot } from "../../dash/fake-data.ts";
import { worldOf } from "./support.ts";

const BEGAN = 1_700_000_000_000;

/** Load tests that tell of themselves, and one reader who is told what is new. */
function telling() {
  const live = new LiveRun();
  let version = -1;
  return {
    live,
    tell(id: string, second: number, nowMs = BEGAN + second * 1000) {
      live.update({ id, target: "127.0.0.1:9091", snapshot: { ...fakeSnapshot(second) } }, nowMs);
    },
    /** What a reader is told who knows everything before, and one who has just come. */
    read(nowMs: number) {
      const news = live.since(version, nowMs);
      version = news.version;
      return { news: news.value, whole: live.since(-1, nowMs).value };
    },
  };
}

function secondsOf(run: { readonly series: { readonly elapsedMs: readonly number[] } } | null): number[] | undefined {
  return run?.series.elapsedMs.map((ms) => ms / 1000);
}

/** As the API answers: a run that is lost is none in progress. */
function speaking(live: LiveRun, nowMs: number) {
  const { value } = live.since(-1, nowMs);
  return value?.lostAt === undefined ? value : null;
}

describe("the run in progress", () => {
  test("is sent whole to a new reader, and only what is new to others", () => {
    const { tell, read } = telling();
    for (const second of [0, 1, 2]) tell("a", second);
    expect(secondsOf(read(BEGAN + 2000).news)).toEqual([0, 1, 2]);
    for (const second of [3, 4]) tell("a", second);
    const { news, whole } = read(BEGAN + 4000);
    expect([secondsOf(news), secondsOf(whole)]).toEqual([
      [3, 4],
      [0, 1, 2, 3, 4],
    ]);
    expect(whole!.series).toEqual(runSeriesInSixDigits([0, 1, 2, 3, 4]));
    expect(secondsOf(read(BEGAN + 4000).news)).toEqual([]);
  });

  test("uses bounded memory over a day", () => {
    const { tell, read } = telling();
    for (let second = 0; second < 86_400; second++) tell("a", second);
    const { whole } = read(BEGAN + 86_400_000);
    expect(whole!.series.elapsedMs.length).toBeGreaterThan(1000);
    expect(whole!.series.elapsedMs.length).toBeLessThanOrEqual(2000);
    expect([secondsOf(whole)![0], secondsOf(whole)!.at(-1)]).toEqual([0, 86_399]);
    expect(JSON.stringify(whole).length).toBeLessThan(200_000);
  });

  test("is followed by the next run, from its first second", () => {
    const { live, tell, read } = telling();
    for (const second of [0, 1]) tell("a", second);
    read(BEGAN + 1000);
    live.end("a");
    for (const second of [0, 1]) tell("b", second, BEGAN + 2000);
    const { news } = read(BEGAN + 2000);
    expect([news!.id, secondsOf(news)]).toEqual(["b", [0, 1]]);
    live.end("b");
    expect(read(BEGAN + 3000).news).toBeNull();
  });

  test("begins again when a search for a limit starts its next run", () => {
    const { tell, read } = telling();
    for (const second of [0, 1, 2]) tell("a", second);
    read(BEGAN + 2000);
    for (const second of [0, 1, 2, 3]) tell("a", second, BEGAN + 4000);
    expect(secondsOf(read(BEGAN + 4000).news)).toEqual([0, 1, 2, 3]);
  });

  test("is the first of several; the next is shown whole when that ends", () => {
    const { live, tell, read } = telling();
    for (const second of [0, 1, 2]) for (const id of ["a", "b"]) tell(id, second);
    const { news } = read(BEGAN + 2000);
    expect([news!.id, secondsOf(news)]).toEqual(["a", [0, 1, 2]]);
    live.end("b");
    expect(read(BEGAN + 2000).news!.id).toBe("a");
    for (const second of [3, 4]) tell("b", second);
    live.end("a");
    const next = read(BEGAN + 4000).news;
    expect([next!.id, secondsOf(next)]).toEqual(["b", [3, 4]]);
  });

  test("is limited in number", () => {
    const { live, tell } = telling();
    for (let index = 0; index < 1000; index++) tell(`run ${index}`, 0);
    let count = 0;
    for (; speaking(live, BEGAN) !== null; count++) live.end(speaking(live, BEGAN)!.id);
    expect(count).toBe(4);
  });

  test("is lost without snapshots, keeps its course, and continues with the next snapshot", () => {
    const { live, tell, read } = telling();
    for (const second of [0, 1]) tell("a", second);
    expect(read(BEGAN + 6000).whole!.lostAt).toBeUndefined();
    const { news, whole } = read(BEGAN + 6001);
    expect([news!.lostAt, secondsOf(whole)]).toEqual([BEGAN + 1000, [0, 1]]);
    expect(speaking(live, BEGAN + 6001)).toBeNull();
    tell("a", 10);
    const again = read(BEGAN + 10_000);
    expect([again.whole!.lostAt, secondsOf(again.news)]).toEqual([undefined, [10]]);
  });

  test("that is lost is dropped when another begins, or after 15 minutes", () => {
    const { tell, read } = telling();
    tell("a", 0);
    expect(read(BEGAN + 900_000).news!.lostAt).toBe(BEGAN);
    expect(read(BEGAN + 900_001).news).toBeNull();
    tell("b", 0, BEGAN + 900_001);
    tell("c", 0, BEGAN + 910_000);
    expect(read(BEGAN + 910_000).news!.id).toBe("c");
    expect(read(BEGAN + 920_000).news!.id).toBe("c");
  });
});

function runSeriesInSixDigits(seconds: readonly number[]): RunSeries {
  const series = runSeries(seconds.map((second) => fakeSnapshot(second)));
  return JSON.parse(JSON.stringify(series), (_, value) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value,
  );
}

describe("a live stream", () => {
  test("sends a returning page what is new, and a new page everything", async () => {
    const { world } = worldOf();
    const tell = (second: number) =>
      world.liveRun.update({ id: "a", target: "t", snapshot: { ...fakeSnapshot(second) } }, world.nowMs);
    for (const second of [0, 1]) tell(second);
    const stream = world.live.open()!;
    tell(2);
    world.live.tick();
    const late = world.live.open()!;
    expect([await toldSeconds(stream, 2), await toldSeconds(late, 1)]).toEqual([[[0, 1], [2]], [[0, 1, 2]]]);
  });

  test("tells a returning page that the run has ended, and a new page nothing of it", async () => {
    const { world } = worldOf();
    world.liveRun.update({ id: "a", target: "t", snapshot: { ...fakeSnapshot(1) } }, world.nowMs);
    world.liveRun.end("a");
    expect(await toldSeconds(world.live.open(world.nowMs)!, 1)).toEqual([undefined]);
    const fresh = world.live.open()!;
    world.live.tick();
    world.liveRun.update({ id: "b", target: "t", snapshot: { ...fakeSnapshot(3) } }, world.nowMs);
    world.live.tick();
    expect(await toldSeconds(fresh, 1)).toEqual([[3]]);
  });
});

/** Of the first events about a run: the seconds that they tell. */
async function toldSeconds(stream: ReadableStream<Uint8Array>, count: number): Promise<(number[] | undefined)[]> {
  const reader = stream.getReader();
  let text = "";
  const events = () => [...text.matchAll(/event: run\ndata: (.*)\n\n/g)];
  while (events().length < count) text += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  return events().map(([, data]) => secondsOf(JSON.parse(data!)));
}
