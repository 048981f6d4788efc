import { randomBytes } from "node:crypto";
import { RunCourse } from "../../dash/mod.ts";
import type { LoadSnapshot, Report } from "../../load/mod.ts";
import { Store } from "../../store/mod.ts";
import { jsonOf } from "./box-request.ts";
import { type BoxAccess, type BoxAddress, boxAccess } from "./box-token.ts";
import { type FinishedRun, Runs } from "./runs.ts";

export interface RunKeeperOptions {
  readonly target: string;
  /** Where a box may be: the first whose token is known shows the run as it goes, and keeps it, wherever its folder is. */
  readonly boxes: readonly BoxAddress[];
  /** Where the run is kept while no box is up. */
  readonly dataFolder: string;
  /** For a box that was named and is not this user's on this machine. @default {none} */
  readonly environmentToken?: string | undefined;
}

/** Where a run was kept. */
export interface KeptRun {
  /** A number; `m1` where it is in a box's memory only. */
  readonly id: string;
  /** The box that keeps it; undefined where it is in the data folder. */
  readonly box: string | undefined;
  /** It is in the data folder, whoever put it there. */
  readonly isInFolder: boolean;
}

const MAX_FAILURES = 3;
/** A box that was loaded a moment ago may take its time over the end of it. */
const FINISH_MS = 5000;

/** Tells a box how a load test stands, and keeps how it ended. A run does not depend on any of it. */
export class RunKeeper {
  readonly #options: RunKeeperOptions;
  readonly #id = randomBytes(8).toString("hex");
  readonly #startedAt = Date.now();
  readonly #access: Promise<BoxAccess | string>;
  readonly #course = new RunCourse();
  #lastMs = 0;
  #nextMs = 0;
  #telling: Promise<unknown> | undefined;
  #failures = 0;
  #problem: string | undefined;

  constructor(options: RunKeeperOptions) {
    this.#options = options;
    this.#access = firstAccess(options);
  }

  /** Why the box that was named has not kept the run; undefined where it has, or none was named. */
  get problem(): string | undefined {
    return this.#options.boxes.some(({ isNamed }) => isNamed) ? this.#problem : undefined;
  }

  /** Call it some times a second. */
  take(snapshot: LoadSnapshot): void {
    const { elapsedMs } = snapshot;
    // The next run of a search for a limit.
    if (elapsedMs < this.#lastMs) this.#nextMs = 0;
    this.#lastMs = elapsedMs;
    if (elapsedMs < this.#nextMs) return;
    this.#nextMs = Math.floor(elapsedMs / 1000) * 1000 + 1000;
    this.#course.add(snapshot);
    // Who does not take what it is told is left alone, until the end.
    if (this.#failures >= MAX_FAILURES) return;
    const { target } = this.#options;
    this.#telling ??= this.#post("api/runs/live", { id: this.#id, target, snapshot }).finally(() => {
      this.#telling = undefined;
    });
  }

  /** @returns undefined where nobody could keep it */
  async finish(report: Report): Promise<KeptRun | undefined> {
    await this.#telling;
    const { dataFolder } = this.#options;
    const series = this.#course.series();
    // As JSON has it: an endless duration is null.
    const run = JSON.parse(JSON.stringify({ startedAt: this.#startedAt, report, series })) as FinishedRun;
    const answer = (await this.#post(`api/runs?live=${this.#id}`, run, FINISH_MS)) as { id?: unknown } | undefined;
    const access = await this.#access;
    if (typeof answer?.id === "string" && typeof access !== "string") {
      const isInFolder = /^\d+$/.test(answer.id) && access.dataFolder === dataFolder;
      return { id: answer.id, box: access.url.href, isInFolder };
    }
    const { runs, stop } = openRuns(dataFolder);
    const id = await runs.add(run);
    await stop();
    return /^\d+$/.test(id) ? { id, box: undefined, isInFolder: true } : undefined;
  }

  async #post(path: string, body: unknown, timeoutMs = 1000): Promise<unknown> {
    const access = await this.#access;
    if (typeof access === "string") {
      this.#problem = access;
      return undefined;
    }
    const { value, why } = await jsonOf(new URL(path, access.url), { token: access.token, body, timeoutMs });
    this.#failures = value === undefined ? this.#failures + 1 : 0;
    this.#problem = why;
    return value;
  }
}

async function firstAccess({ boxes, dataFolder, environmentToken }: RunKeeperOptions): Promise<BoxAccess | string> {
  let why = "no box was looked for";
  for (const box of boxes) {
    const access = await boxAccess(box, dataFolder, environmentToken);
    if (typeof access !== "string") return access;
    why = access;
  }
  return why;
}

/** Load tests of a data folder, while no box is asked. */
export function openRuns(folder: string): { readonly runs: Runs; stop(): Promise<void> } {
  const store = new Store({ folder });
  return { runs: new Runs(store), stop: () => store.stop() };
}
