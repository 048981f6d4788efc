import { z } from "zod";
import { type Runs, readFinishedRun } from "../runs.ts";
import { json, refusal, wrongWords } from "./answer.ts";
import { readJson } from "./body.ts";
import type { Route } from "./visit.ts";

const SNAPSHOT = z.strictObject({
  id: z.string().min(1).max(100),
  target: z.string().max(1000),
  snapshot: z.looseObject({ elapsedMs: z.number(), phase: z.string().max(20) }),
});

type Snapshot = z.infer<typeof SNAPSHOT>;

/** A run that is silent for so long has ended without a word. */
const SILENT_MS = 5000;
const MAX_SNAPSHOT_BYTES = 65_536;

/** The load test in progress, as it tells of itself once a second; the version grows with everything it says. */
export class LiveRun {
  #version = 0;
  #value: Snapshot | null = null;
  #lastMs = 0;

  tell(snapshot: Snapshot, nowMs: number): void {
    this.#value = snapshot;
    this.#lastMs = nowMs;
    this.#version += 1;
  }

  end(): void {
    if (this.#value === null) return;
    this.#value = null;
    this.#version += 1;
  }

  now(nowMs: number): { readonly version: number; readonly value: Snapshot | null } {
    if (nowMs - this.#lastMs > SILENT_MS) this.end();
    return { version: this.#version, value: this.#value };
  }
}

/** `GET /api/runs`, `GET /api/runs/ID`, `POST /api/runs/live`, `POST /api/runs`. */
export function runsRoutes(
  runs: Runs,
  live: LiveRun,
  now: () => number = Date.now,
): (path: string) => Route | undefined {
  const list: Route = {
    get: async () => json({ runs: await runs.list() }),
    async post({ request }) {
      const run = readFinishedRun(await readJson(request));
      if (run === undefined) throw wrongWords("expected { startedAt, report, series }");
      live.end();
      return json({ id: await runs.add(run) }, 201);
    },
  };
  const progress: Route = {
    get: () => json({ run: live.now(now()).value }),
    async post({ request }) {
      const read = SNAPSHOT.safeParse(await readJson(request, MAX_SNAPSHOT_BYTES));
      if (!read.success) throw wrongWords("expected { id, target, snapshot }");
      live.tell(read.data, now());
      return json({});
    },
  };
  const one = (id: string): Route => ({
    async get() {
      const run = await runs.get(id);
      return run === undefined ? refusal(404, "there is no such run", "GET /api/runs lists them") : json(run);
    },
  });
  return (path) => {
    if (path === "/api/runs") return list;
    if (path === "/api/runs/live") return progress;
    const id = /^\/api\/runs\/(m?\d{1,15})$/.exec(path)?.[1];
    return id === undefined ? undefined : one(id);
  };
}
