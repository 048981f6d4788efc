/**
 * Returns the level of max-min fair sharing: `amount` fills the demands as water fills vessels of different heights. A demand below
 * the level is met, every other one gets the level.
 *
 * ```text
 *            ▁▁▁  ▁▁▁          demands 2, 9, 5, ∞ and amount 11:
 *   level ── ███──███── 3      2 + 3 + 3 + 3
 *       ▁▁▁  ███  ███
 *       ███  ███  ███
 * ```
 *
 * Each step raises the level by what the demands below it leave over, so few steps reach it; nothing is sorted or allocated.
 *
 * @param demands only the first `count` are read; `Infinity` demands everything
 * @returns `Infinity` when `amount` is enough for all
 */
export function waterLevel(demands: Float64Array, count: number, amount: number): number {
  let level = 0;
  for (;;) {
    let above = 0;
    let left = amount;
    for (let index = 0; index < count; index++) {
      if (demands[index]! > level) above += 1;
      else left -= demands[index]!;
    }
    if (above === 0) return Number.POSITIVE_INFINITY;
    const next = left / above;
    if (!(next > level)) return level;
    level = next;
  }
}
