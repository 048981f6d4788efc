import { logOf, TenkError } from "../../base/mod.ts";
import type { LoopChange, PreparedChange } from "../change.ts";
import type { WorkerQuestions } from "./questions.ts";

const log = logOf("net");

/** What a change needs of the pool that it goes through. */
export interface ChangingPool {
  readonly name: string;
  readonly isStopping: boolean;
  readonly questions: WorkerQuestions;
  /** By index; undefined where one is about to be started again. */
  workers(): readonly (Worker | undefined)[];
  /** Whether this one ever listened. */
  hasListened(worker: Worker): boolean;
  /** Workers that start from now on start with it. */
  take(change: LoopChange): void;
}

let lastId = 0;

/**
 * Prepares a change on every worker, those included that start meanwhile.
 *
 * - One that refuses, ends while it prepares or does not answer in time: all drop it, and the first reason is thrown.
 * - One that ends after it has agreed starts again as the pool is then: as before, and so is asked too, or with the change.
 * - One that started as the pool was before, between the last answer and `commit`, is given the change there. Where it
 *   refuses what all others took, it is ended: it starts again with the change, as often as it takes.
 *
 * @throws {TenkError}
 */
export async function prepareWorkers(
  pool: ChangingPool,
  change: LoopChange,
  withinMs: number,
): Promise<PreparedChange> {
  lastId += 1;
  const id = lastId;
  const asked = new Set<Worker>();

  function unasked(): [Worker, number][] {
    return [...pool.workers().entries()].flatMap(([index, worker]) =>
      worker === undefined || asked.has(worker) ? [] : [[worker, index] as [Worker, number]],
    );
  }

  function alive(): Worker[] {
    return pool.workers().filter((worker) => worker !== undefined && asked.has(worker)) as Worker[];
  }

  async function prepare(worker: Worker, index: number): Promise<void> {
    const outcome = await pool.questions.outcome(worker, { what: "prepare", id, change }, withinMs);
    if (outcome.kind === "refused") throw outcome.error;
    if (outcome.kind === "silent") throw refusal(`worker ${index} did not answer within ${withinMs / 1000} s`, HELD_UP);
    // One that cannot start holds nobody up: its next start may well be mended by this very change.
    if (outcome.kind === "ended" && pool.hasListened(worker) && !pool.isStopping) {
      throw refusal(`worker ${index} ended while it prepared the change`);
    }
  }

  function refusal(why: string, hint?: string): TenkError {
    return new TenkError("invalid-option", `Cannot change "${pool.name}": ${why}`, hint === undefined ? {} : { hint });
  }

  async function commit(): Promise<void> {
    pool.take(change);
    for (const [worker] of unasked()) {
      asked.add(worker);
      void pool.questions.outcome(worker, { what: "prepare", id, change }, withinMs);
    }
    await Promise.all(
      alive().map(async (worker) => {
        const outcome = await pool.questions.outcome(worker, { what: "commit", id });
        if (outcome.kind !== "refused") return;
        log.error("worker ended: it cannot take what the others did", { error: outcome.error.message });
        worker.terminate();
      }),
    );
  }

  async function drop(): Promise<void> {
    await Promise.all(alive().map((worker) => pool.questions.outcome(worker, { what: "drop", id })));
  }

  try {
    for (let workers = unasked(); workers.length > 0; workers = unasked()) {
      for (const [worker] of workers) asked.add(worker);
      await Promise.all(workers.map(([worker, index]) => prepare(worker, index)));
    }
  } catch (error) {
    await drop();
    throw error;
  }
  return { commit, drop };
}

const HELD_UP = "its handler holds its event loop, or takes too long to load; nothing has changed";
