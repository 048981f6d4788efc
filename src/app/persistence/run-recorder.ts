import { randomBytes } from "node:crypto";
import { RunCourse } from "../../dash/mod.ts";
import type { LoadSnapshot, Report } from "../../load/mod.ts";
import { Store } from "../../store/mod.ts";
import { type InstanceAccess, type InstanceAddress, instanceAccess } from "./instance-access.ts";
import { requestJson } from "./instance-request.ts";
import { type FinishedRun, Runs } from "./runs.ts";

export interface RunRecorderOptions {
  readonly target: string;
  /** Where an instance may run: the first whose token is known shows the run live, and keeps it. */
  readonly instances: readonly InstanceAddress[];
  /** Keeps the run when no instance does. */
  readonly dataFolder: string;
  /** Token for a named instance that is not this user's on this machine. @default {none} */
  readonly environmentToken?: string | undefined;
}

/** Where a run was kept. */
export interface KeptRun {
  /** A number; `m1` when it is in an instance's memory only. */
  readonly id: string;
  /** URL of the instance that keeps it; undefined when this process wrote it into the data folder. */
  readonly instance: string | undefined;
  /** It is in the data folder, whoever wrote it. */
  readonly isInFolder: boolean;
}

const MAX_FAILURES = 3;
/** Longer than for a snapshot: an instance that was under load a moment ago may be slow. */
const FINISH_TIMEOUT_MS = 5000;

/** Posts a load test's snapshots to an instance, and keeps its report. Failures never disturb the run. */
export class RunRecorder {
  readonly #options: RunRecorderOptions;
  readonly #id = randomBytes(8).toString("hex");
  readonly #startedAt = Date.now();
  readonly #access: Promise<InstanceAccess | string>;
  readonly #course = new RunCourse();
  #lastMs = 0;
  #nextMs = 0;
  #posting: Promise<unknown> | undefined;
  #failures = 0;
  #problem: string | undefined;

  constructor(options: RunRecorderOptions) {
    this.#options = options;
    this.#access = firstAccess(options);
  }

  /** Why the named instance has not kept the run; undefined when it has, or when none was named. */
  get problem(): string | undefined {
    return this.#options.instances.some(({ isNamed }) => isNamed) ? this.#problem : undefined;
  }

  /** Posts one snapshot a second; may be called more often. */
  take(snapshot: LoadSnapshot): void {
    const { elapsedMs } = snapshot;
    // A search for a limit starts its next run.
    if (elapsedMs < this.#lastMs) this.#nextMs = 0;
    this.#lastMs = elapsedMs;
    if (elapsedMs < this.#nextMs) return;
    this.#nextMs = Math.floor(elapsedMs / 1000) * 1000 + 1000;
    this.#course.add(snapshot);
    // An instance that does not answer gets only the report.
    if (this.#failures >= MAX_FAILURES) return;
    const { target } = this.#options;
    this.#posting ??= this.#post("api/runs/live", { id: this.#id, target, snapshot }).finally(() => {
      this.#posting = undefined;
    });
  }

  /** @returns undefined when nothing could keep the run */
  async finish(report: Report): Promise<KeptRun | undefined> {
    await this.#posting;
    const { dataFolder } = this.#options;
    const series = this.#course.series();
    // JSON turns an endless duration into null.
    const run = JSON.parse(JSON.stringify({ startedAt: this.#startedAt, report, series })) as FinishedRun;
    const answer = (await this.#post(`api/runs?live=${this.#id}`, run, FINISH_TIMEOUT_MS)) as
      | { id?: unknown }
      | undefined;
    const access = await this.#access;
    if (typeof answer?.id === "string" && typeof access !== "string") {
      const isInFolder = /^\d+$/.test(answer.id) && access.dataFolder === dataFolder;
      return { id: answer.id, instance: access.url.href, isInFolder };
    }
    const { runs, stop } = openRuns(dataFolder);
    const id = await runs.add(run);
    await stop();
    return /^\d+$/.test(id) ? { id, instance: undefined, isInFolder: true } : undefined;
  }

  async #post(path: string, body: unknown, timeoutMs = 1000): Promise<unknown> {
    const access = await this.#access;
    if (typeof access === "string") {
      this.#problem = access;
      return undefined;
    }
    const { value, why } = await requestJson(new URL(path, access.url), { token: access.token, body, timeoutMs });
    this.#failures = value === undefined ? this.#failures + 1 : 0;
    this.#problem = why;
    return value;
  }
}

async function firstAccess({
  instances,
  dataFolder,
  environmentToken,
}: RunRecorderOptions): Promise<InstanceAccess | string> {
  let why = "no instance was looked for";
  for (const instance of instances) {
    const access = await instanceAccess(instance, dataFolder, environmentToken);
    if (typeof access !== "string") return access;
    why = access;
  }
  return why;
}

/** Opens the load tests of a data folder, without an instance. */
export function openRuns(folder: string): { readonly runs: Runs; stop(): Promise<void> } {
  const store = new Store({ folder });
  return { runs: new Runs(store), stop: () => store.stop() };
}
