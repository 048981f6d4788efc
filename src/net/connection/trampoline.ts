/** Nested calls that run at once. A relay's two sides close within each other; legitimate nesting is no deeper than a few. */
const DEEPEST = 8;

let depth = 0;
const waiting: (() => void)[] = [];

/**
 * Calls at once or, deep within such calls, when the outermost one has returned.
 *
 * Used for a handler's `close`. One that writes a good-bye to other connections may find that they were reset too, and their
 * `close` does the same: a few thousand connections reset at once would overflow the stack.
 *
 * @param call must not throw
 */
export function trampoline(call: () => void): void {
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
