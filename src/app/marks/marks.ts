import type { Mark } from "../../part/mod.ts";
import type { RunLine } from "../persistence/mod.ts";
import { VERSION } from "../version.ts";
import { MarkFile, type MarkFileOptions } from "./mark-file.ts";

/** In one answer: charts cannot show more. */
const MAX_MARKS = 200;

export interface MarksOptions extends MarkFileOptions {
  /** Another process still writes the file: `thaw` reads it. @default {false} */
  readonly startsFrozen?: boolean;
  /** Newest first. */
  readonly runs: () => Promise<readonly RunLine[]>;
  /** What the running parts tell, such as services that changed their state. */
  readonly ofParts: (fromMs: number, toMs: number) => Promise<readonly Mark[]>;
}

/** What happened to this instance and beside it, for charts to mark. */
export class Marks {
  #file: MarkFile;
  readonly #options: MarksOptions;
  #isFrozen: boolean;

  /** Marks the start, unless it is frozen. */
  constructor(options: MarksOptions, nowMs: number = Date.now()) {
    this.#options = options;
    this.#isFrozen = options.startsFrozen ?? false;
    this.#file = new MarkFile(this.#isFrozen ? { ...options, file: undefined } : options);
    if (this.#isFrozen) return;
    const { last } = this.#file;
    const isAfterCrash = last !== undefined && last.kind !== "stop";
    const text = `tenk ${VERSION} started${isAfterCrash ? ", after an end without a stop (crash or power cut)" : ""}`;
    this.#file.add({ atMs: nowMs, kind: "start", text });
  }

  reloaded(nowMs: number = Date.now()): void {
    this.#file.add({ atMs: nowMs, kind: "reload", text: "configuration reloaded" });
  }

  /** Marks an upgrade that did not succeed: this process goes on. */
  upgradeFailed(reason: string, nowMs: number = Date.now()): void {
    this.#file.add({ atMs: nowMs, kind: "upgrade", text: `upgrade failed, rolled back: ${reason}`.slice(0, 300) });
  }

  /** Waits until everything is written; another process has the file then. */
  async freeze(): Promise<void> {
    this.#isFrozen = true;
    await this.#file.settled();
  }

  /** Goes on. @param before version of the process that this one has replaced; undefined where it is this one */
  thaw(before: string | undefined, nowMs: number = Date.now()): void {
    this.#isFrozen = false;
    if (before === undefined) return;
    this.#file = new MarkFile(this.#options);
    const text =
      before === VERSION ? `tenk ${VERSION} was replaced without a stop` : `upgraded from ${before} to ${VERSION}`;
    this.#file.add({ atMs: nowMs, kind: "upgrade", text });
  }

  /** Marks the stop, and waits until it is written. */
  async stopped(nowMs: number = Date.now()): Promise<void> {
    if (this.#isFrozen) return;
    this.#file.add({ atMs: nowMs, kind: "stop", text: "tenk stopped" });
    await this.#file.settled();
  }

  /** Returns the marks of a stretch of time, oldest first; of too many the newest. */
  async between(fromMs: number, toMs: number): Promise<readonly Mark[]> {
    const { runs, ofParts } = this.#options;
    const [lines, parts] = await Promise.all([runs(), ofParts(fromMs, toMs)]);
    const ofRuns = lines.map(markOfRun).filter(({ atMs, untilMs }) => untilMs >= fromMs && atMs <= toMs);
    const all = [...this.#file.between(fromMs, toMs), ...ofRuns, ...parts];
    return all.sort((one, other) => one.atMs - other.atMs).slice(-MAX_MARKS);
  }
}

function markOfRun({ id, startedAt, durationMs, target, verdict }: RunLine) {
  const outcome = verdict === "pass" ? "passed" : verdict === "fail" ? "failed" : verdict;
  const text = `load test ${id} of ${target}: ${outcome}`;
  return { atMs: startedAt, untilMs: startedAt + durationMs, kind: "run" as const, text, run: id };
}
