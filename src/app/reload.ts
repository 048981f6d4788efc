import type { PreparedChange } from "../part/mod.ts";

/**
 * Coordinates a reload: every participant prepares its change, then claims what it takes from running listeners; then all commit,
 * or all drop.
 *
 * ```text
 *   prepare ─► prepare ─► prepare ─► claim ─► claim ─► commit ─► commit ─► commit
 *      └─────────┴──────────┴──────────┴────────┴── one fails ──► all drop: everything is as it was
 * ```
 *
 * They commit in the opposite order, since the first may take a port that a later one releases.
 *
 * @param prepares one function for each participant, called one after the other
 * @throws {TenkError} why one failed; then all are as they were
 */
export async function changeTogether(prepares: readonly (() => Promise<PreparedChange>)[]): Promise<void> {
  const prepared: PreparedChange[] = [];
  try {
    for (const prepare of prepares) prepared.push(await prepare());
    for (const change of prepared) await change.claim?.();
  } catch (error) {
    await Promise.all(prepared.map((change) => change.drop()));
    throw error;
  }
  for (const change of prepared.toReversed()) await change.commit();
}
