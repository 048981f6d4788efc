import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { RunCourse } from "../../dash/mod.ts";
import type { LoadSnapshot, Report } from "../../load/mod.ts";
import { isPortOurs } from "../../part/mod.ts";
import { Store } from "../../store/mod.ts";
import { findToken } from "../admin/mod.ts";
import { type FinishedRun, Runs } from "./runs.ts";

export interface RunKeeperOptions {
  readonly target: string;
  /** Where a box of this machine may be: it shows the run as it goes, and keeps it. */
  readonly boxUrl: string;
  /** Where the token is, and where the run is kept while no box is up. */
  readonly dataFolder: string;
}

const TIMEOUT_MS = 1000;
const MAX_FAILURES = 3;

/** Tells a box of the same user how a load test stands, and keeps how it ended. A run does not depend on any of it. */
export class RunKeeper {
  readonly #options: RunKeeperOptions;
  readonly #id = randomBytes(8).toString("hex");
  readonly #startedAt = Date.now();
  readonly #token: Promise<string | undefined>;
  readonly #course = new RunCourse();
  #lastMs = 0;
  #nextMs = 0;
  #telling: Promise<unknown> | undefined;
  #failures = 0;

  constructor(options: RunKeeperOptions) {
    this.#options = options;
    this.#token = tokenFor(options);
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
    const { target } = this.#options;
    this.#telling ??= this.#post("/api/runs/live", { id: this.#id, target, snapshot }).finally(() => {
      this.#telling = undefined;
    });
  }

  /** @returns the run's id, or undefined where nobody could keep it */
  async finish(report: Report): Promise<string | undefined> {
    await this.#telling;
    const { dataFolder } = this.#options;
    const series = this.#course.series();
    // As JSON has it: an endless duration is null.
    const run = JSON.parse(JSON.stringify({ startedAt: this.#startedAt, report, series })) as FinishedRun;
    const answer = (await this.#post(`/api/runs?live=${this.#id}`, run)) as { id?: unknown } | undefined;
    if (typeof answer?.id === "string") return answer.id;
    const { runs, stop } = openRuns(dataFolder);
    const id = await runs.add(run);
    await stop();
    return /^\d+$/.test(id) ? id : undefined;
  }

  /** Who does not take what it is told is left alone. */
  async #post(path: string, value: unknown): Promise<unknown> {
    const token = await this.#token;
    if (token === undefined || this.#failures >= MAX_FAILURES) return undefined;
    const answer = await postJson(new URL(path, this.#options.boxUrl), token, value);
    this.#failures = answer === undefined ? this.#failures + 1 : 0;
    return answer;
  }
}

/** The token is told to nobody but a box of this user on this machine: who listens there is looked at first. */
async function tokenFor({ boxUrl, dataFolder }: RunKeeperOptions): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(boxUrl);
  const isHere = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(hostname) && protocol === "http:";
  return isHere && (await isPortOurs(Number(port) || 80)) ? findToken(dataFolder) : undefined;
}

/** `node:http` and not `fetch`: the runtime's first fetch ends the process when no descriptor is left. */
function postJson(url: URL, token: string, value: unknown): Promise<unknown> {
  const body = JSON.stringify(value);
  const headers = {
    authorization: `Bearer ${token}`,
    "x-tenk": "1",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return new Promise((resolve) => {
    const asking = request(url, { method: "POST", headers, timeout: TIMEOUT_MS, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        if (text.length < 65_536) text += part;
      });
      response.on("end", () =>
        resolve(response.statusCode === 200 || response.statusCode === 201 ? parsed(text) : undefined),
      );
      response.on("error", () => resolve(undefined));
    });
    const timer = setTimeout(() => asking.destroy(), TIMEOUT_MS);
    asking.on("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    asking.on("timeout", () => asking.destroy());
    asking.on("error", () => resolve(undefined));
    asking.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Load tests of a data folder, while no box is asked. */
export function openRuns(folder: string): { readonly runs: Runs; stop(): Promise<void> } {
  const store = new Store({ folder });
  return { runs: new Runs(store), stop: () => store.stop() };
}
