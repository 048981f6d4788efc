import { hashOf } from "./route.ts";

/** Shows another place, which the back button leaves again. */
export function goTo(...words: readonly string[]): void {
  location.hash = hashOf(words);
}
