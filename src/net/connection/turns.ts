/** A relay's two sides close within each other, its connections not in a chain: nobody means to go deeper than a few. */
const DEEPEST = 8;

let depth = 0;
const waiting: (() => void)[] = [];

/**
 * Calls at once or, deep within such calls, when the outermost is over.
 *
 * For what tells a handler of a close. A close that says good-bye to others finds some of them gone, whose own close says it
 * too: a few thousand that were reset at once would be as many calls within each other, more than a stack holds.
 *
 * @param call must not throw
 */
export function inTurn(call: () => void): void {
  if (depth === DEEPEST) {
    waiting.push(call);
    return;
  }
  depth += 1;
  try {
    call();
    if (depth > 1 || waiting.length === 0) return;
    for (let next = 0; next < waiting.length; next++) waiting[next]!();
    waiting.length = 0;
  } finally {
    depth -= 1;
  }
}
