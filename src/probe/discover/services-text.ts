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
  const lines = found.map((each) => `  ${each.name}: ${valueText(each)}`);
  const width = Math.max(...lines.map(({ length }) => length));
  return `services:\n${found.map((each, at) => `${lines[at]!.padEnd(width)}  # ${commentOf(each)}`).join("\n")}\n`;
}

function valueText({ target, kind }: Found): string {
  // No certificate is for 127.0.0.1, and nobody stands between this machine and itself.
  const isOwn = /^https:\/\/(127\.|\[::1\])/.test(target);
  if (kind === undefined && !isOwn) return target;
  return `{ target: "${target}"${kind ? `, kind: ${kind}` : ""}${isOwn ? ", tls: { verify: false }" : ""} }`;
}

function commentOf({ program, pid, container, image, knownBy, otherPorts }: Found): string {
  // Programs and containers choose their names freely: those may not end the comment.
  const plain = (text: string | undefined) => text?.replace(/[^\x20-\x7e]/g, "?");
  const ofHost = program === undefined ? "whose it is, only root can see" : `${plain(program)} (pid ${pid})`;
  const who = container === undefined ? ofHost : `container ${plain(container)} of ${plain(image)}`;
  const others = otherPorts.length > 0 ? `; listens on ${otherPorts.join(", ")} too` : "";
  if (knownBy === "nothing") return `${who}; its protocol is not known${others}`;
  return knownBy === "greeting" ? `${who}; recognised by what it says${others}` : who + others;
}
