/**
 * Counts the turns of a loop that a fault in what is tested could make endless: no time limit of a test ends a loop.
 *
 * @example
 * const turn = turnLimit(1000);
 * while (turn() && cutter.stopped) cutter.resume(count, onFrame);
 */
export function turnLimit(most: number): () => true {
  let turns = 0;
  return () => {
    turns += 1;
    if (turns > most) throw new Error(`a loop did not end within ${most} turns`);
    return true;
  };
}
