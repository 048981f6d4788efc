import type { Found } from "./discover.ts";

/**
 * Returns what was found as a block for `tenk.yaml`, with a comment where it is not certain.
 *
 * ```yaml
 * services:
 *   redis: redis://127.0.0.1:6379          # redis-server (pid 812)
 *   port-9999: tcp://127.0.0.1:9999        # unknown protocol
 * ```
 */
export function servicesText(found: readonly Found[]): string {
  if (found.length === 0) return "# Nothing that listens on a TCP port was found.\n";
  const lines = found.map((each) => `  ${each.name}: ${each.target}`);
  const width = Math.max(...lines.map(({ length }) => length));
  return `services:\n${found.map((each, at) => `${lines[at]!.padEnd(width)}  # ${commentOf(each)}`).join("\n")}\n`;
}

function commentOf({ program, pid, knownBy }: Found): string {
  // A program chooses its name freely: it may not end the comment.
  const shown = program?.replace(/[^\x20-\x7e]/g, "?");
  const who = shown === undefined ? "whose it is, only root can see" : `${shown} (pid ${pid})`;
  if (knownBy === "nothing") return `${who}; its protocol is not known`;
  return knownBy === "greeting" ? `${who}; recognised by what it says` : who;
}
