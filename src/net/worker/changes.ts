import { logOf, messageOf, TenkError } from "../../base/mod.ts";
import type { LoopChange, PreparedChange } from "../change.ts";
import type { WorkerLink } from "./workers.ts";

const log = logOf("net");

/** The worker group, as a change uses it. */
export interface ChangingGroup {
  readonly name: string;
  readonly count: number;
  readonly isStopping: boolean;
  /** By index; undefined where one is about to be started again. */
  lives(): readonly (WorkerLink | undefined)[];
  restart(worker: WorkerLink): void;
  /** Workers that start from now on start with it. */
  take(change: LoopChange): void;
}

let lastId = 0;

/**
 * Prepares a change on every worker, including those that start meanwhile.
 *
 * - If a worker rejects it, ends while it prepares, or does not answer in time, all drop it and the first reason is thrown.
 * - A worker that ends after it has accepted starts again with the group's current options: it is asked again, or has the change.
 * - A worker that started with the old options between the last answer and `commit` gets the change there. If it rejects
 *   what all others accepted, it is restarted with the change, as often as it takes.
 *
 * @throws {TenkError}
 */
export async function prepareWorkers(
  group: ChangingGroup,
  change: LoopChange,
  withinMs: number,
): Promise<PreparedChange> {
  lastId += 1;
  const id = lastId;
  const asked = new Set<WorkerLink>();

  function unasked(): [WorkerLink, number][] {
    return [...group.lives().entries()].flatMap(([index, worker]) =>
      worker === undefined || asked.has(worker) ? [] : [[worker, index] as [WorkerLink, number]],
    );
  }

  function alive(): WorkerLink[] {
    return group.lives().filter((worker) => worker !== undefined && asked.has(worker)) as WorkerLink[];
  }

  async function prepare(worker: WorkerLink, index: number): Promise<void> {
    const outcome = await worker.request({ what: "prepare", id, change }, withinMs);
    if (outcome.kind === "refused") throw outcome.error;
    if (outcome.kind === "silent") {
      const who = group.count === 1 ? "its event loop" : `worker ${index}`;
      throw refusal(`${who} did not answer within ${withinMs / 1000} s`, HELD_UP);
    }
    // A worker that cannot start delays nobody: this very change may mend its next start.
    if (outcome.kind === "ended" && worker.hasStarted && !group.isStopping) {
      throw refusal(`worker ${index} ended while it prepared the change`);
    }
  }

  function refusal(why: string, hint?: string): TenkError {
    return new TenkError("invalid-option", `Cannot change "${group.name}": ${why}`, hint === undefined ? {} : { hint });
  }

  async function commit(): Promise<void> {
    group.take(change);
    for (const [worker] of unasked()) {
      asked.add(worker);
      void worker.request({ what: "prepare", id, change }, withinMs);
    }
    await Promise.all(
      alive().map(async (worker) => {
        const outcome = await worker.request({ what: "commit", id });
        if (outcome.kind !== "refused") return;
        log.error("worker restarted: it rejected a change that the others accepted", {
          error: messageOf(outcome.error),
        });
        group.restart(worker);
      }),
    );
  }

  async function drop(): Promise<void> {
    await Promise.all(alive().map((worker) => worker.request({ what: "drop", id })));
  }

  try {
    for (let workers = unasked(); workers.length > 0; workers = unasked()) {
      for (const [worker] of workers) asked.add(worker);
      await Promise.all(workers.map(([worker, index]) => prepare(worker, index)));
    }
  } catch (error) {
    // Not awaited, since a worker that does not answer would delay the error. Later requests wait for it there.
    void drop();
    throw error;
  }
  return { commit, drop };
}

const HELD_UP = "its handler holds its event loop, or takes too long to load; nothing has changed";
