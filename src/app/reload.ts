import type { PreparedChange } from "../part/mod.ts";

/**
 * The one reload coordinator: everybody prepares, then all commit, or all drop.
 *
 * ```text
 *   prepare ─► prepare ─► prepare ─► commit of what may fail ─► commit, commit
 *      └─────────┴──────────┴── one refuses ──┴──► all drop: nothing has changed
 * ```
 *
 * Who prepared first commits last: it may take a port that another leaves.
 *
 * @param prepares a call for each participant, made one after the other
 * @throws {TenkError} why one refuses; then nothing has changed
 */
export async function changeTogether(prepares: readonly (() => Promise<PreparedChange>)[]): Promise<void> {
  const prepared: PreparedChange[] = [];
  let committed: PreparedChange | undefined;
  try {
    for (const prepare of prepares) prepared.push(await prepare());
    for (const change of prepared.filter(({ mayFail }) => mayFail)) {
      // A second one that fails could not take the first one back.
      if (committed !== undefined) throw new Error("Two parts cannot both have changes that may fail");
      committed = change;
      await change.commit();
    }
  } catch (error) {
    await Promise.all(prepared.filter((change) => change !== committed).map((change) => change.drop()));
    throw error;
  }
  for (const change of prepared.toReversed()) if (change !== committed) await change.commit();
}
