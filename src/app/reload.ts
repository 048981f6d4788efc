import { TenkError } from "../base/mod.ts";
import type { PreparedChange } from "../part/mod.ts";

/**
 * Coordinates a reload: every participant prepares its change, then all commit, or all drop.
 *
 * ```text
 *   prepare ─► prepare ─► prepare ─► commit the change that may fail ─► commit the others
 *      └─────────┴──────────┴── one fails ──┴──► all drop: nothing has changed
 * ```
 *
 * One change at most may have a commit that can fail. The others commit in the opposite order, since the first may take a port that a later one releases.
 *
 * @param prepares one function for each participant, called one after the other
 * @throws {TenkError} why one failed; then nothing has changed
 */
export async function changeTogether(prepares: readonly (() => Promise<PreparedChange>)[]): Promise<void> {
  const prepared: PreparedChange[] = [];
  let committed: PreparedChange | undefined;
  try {
    for (const prepare of prepares) prepared.push(await prepare());
    const [first, ...more] = prepared.filter(({ mayFail }) => mayFail);
    // If a second one failed, the first could not be undone: so neither begins.
    if (more.length > 0) throw new TenkError("unsupported", "Cannot reload: two parts have changes that may fail");
    committed = first;
    await first?.commit();
  } catch (error) {
    await Promise.all(prepared.filter((change) => change !== committed).map((change) => change.drop()));
    throw error;
  }
  for (const change of prepared.toReversed()) if (change !== committed) await change.commit();
}
