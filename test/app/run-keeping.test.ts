import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { openRuns, RunRecorder } from "../../src/app/persistence/run-recorder.ts";
import { type FinishedRun, readFinishedRun } from "../../src/app/persistence/runs.ts";
import type { Report } from "../../src/load/mod.ts";
import { newFolder, TOKEN } from "./admin/support.ts";

/** What is asked of a report so that it is kept. */
const REPORT = {
  target: "box:9091",
  plan: { connections: 1, durationMs: Number.POSITIVE_INFINITY },
  connections: { peak: 1 },
  messages: { perSecondSent: 2.5 },
  latencyUs: { message: { p99: 3 } },
  timing: { connectMs: 1, sendMs: 2, drainMs: 3 },
  verdict: { pass: true, reason: "" },
} as unknown as Report;

test("a run whose instance is gone before it answers is kept once", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "token"), `${TOKEN}\n`, { mode: 0o600 });
  const taken: FinishedRun[] = [];
  const instance = createServer(async (request) => {
    let text = "";
    for await (const part of request) text += part;
    if (request.method !== "POST") return request.socket.destroy();
    const run = readFinishedRun(JSON.parse(text));
    if (run !== undefined) {
      taken.push(run);
      const { runs, stop } = openRuns(folder);
      await runs.add(run);
      await stop();
    }
    request.socket.destroy();
  });
  await new Promise<void>((resolve) => instance.listen(0, "127.0.0.1", resolve));
  const { port } = instance.address() as { port: number };
  const keeper = new RunRecorder({
    target: "box:9091",
    instances: [{ url: new URL(`http://127.0.0.1:${port}`), isNamed: false }],
    dataFolder: folder,
  });
  const id = (await keeper.finish(REPORT))?.id;
  instance.close();
  const { runs, stop } = openRuns(folder);
  const kept = await runs.list();
  await stop();
  expect([taken.length, kept.map((run) => run.id)]).toEqual([1, [id!]]);
});

test("a list tells plan, reason and outcome: a run that was stopped has not failed", async () => {
  const { runs, stop } = openRuns(newFolder());
  const plan = {
    connections: 1,
    ratePerConnection: 10,
    connectRate: 100,
    durationMs: 500,
    totalRate: 0,
    shape: "constant",
    workers: 1,
    message: "ping",
    messageBytes: 4,
  };
  const kept = async (more: object) => {
    const report = JSON.parse(JSON.stringify({ ...REPORT, plan, ...more }));
    await runs.add({ startedAt: Date.now(), report, series: { elapsedMs: [], columns: {} } });
  };
  const broken = { pass: false, reason: "does not hold: lost=0", checks: [{ pass: false }] };
  await kept({ verdict: broken, endedBy: null });
  await kept({ verdict: broken, endedBy: "stopped" });
  await kept({ verdict: { ...broken, checks: [] }, endedBy: "stopped" });
  await kept({ verdict: broken, endedBy: null, limit: { knee: 7 } });
  await kept({ plan: { connections: 1 }, verdict: { pass: true, reason: "" } });
  const lines = await runs.list();
  await stop();
  expect(lines.map(({ verdict }) => verdict).sort()).toEqual(["fail", "fail", "not found", "pass", "stopped"]);
  expect(lines.find(({ verdict }) => verdict === "stopped")).toMatchObject({ plan, reason: "does not hold: lost=0" });
  expect(lines.find(({ verdict }) => verdict === "pass")!.plan).toBeUndefined();
});
