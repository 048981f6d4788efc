/** Returns the indexes of values without a neighbour on either side. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] | null {
  const found: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    if ((values[at] ?? null) !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null)
      found.push(at);
  }
  return found.length === 0 ? null : found;
}
