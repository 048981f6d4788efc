import type { LoadPlan } from "../plan/mod.ts";

/** The part of a run that one event loop does. */
export interface Slice {
  readonly worker: number;
  readonly workers: number;
  /** Connections of this loop. */
  readonly connections: number;
  /** Uid of its first connection. The next ones follow in steps of one; reopened connections have uids beyond all others. */
  readonly firstConnection: number;
  /** Messages of this loop, where the plan bounds them. */
  readonly maxMessages: number;
  /** The target's addresses, where it was a name. */
  readonly addresses: readonly string[] | undefined;
}

/**
 * Cuts a plan into one part for each worker.
 *
 * @example
 * slicesOf({ connections: 10, workers: 3 }).map(({ connections }) => connections); // [4, 3, 3]
 */
export function slicesOf(
  plan: Pick<LoadPlan, "connections" | "workers"> & Partial<Pick<LoadPlan, "maxMessages">>,
  addresses?: readonly string[],
): Slice[] {
  const { connections, workers, maxMessages = Number.POSITIVE_INFINITY } = plan;
  const startOf = (worker: number, whole = connections) => Math.ceil((whole * worker) / workers);
  return Array.from({ length: workers }, (_, worker) => ({
    worker,
    workers,
    connections: startOf(worker + 1) - startOf(worker),
    firstConnection: startOf(worker),
    maxMessages: Number.isFinite(maxMessages)
      ? startOf(worker + 1, maxMessages) - startOf(worker, maxMessages)
      : maxMessages,
    addresses,
  }));
}
