import { logOf, messageOf, occasionally } from "../base/mod.ts";

const log = logOf("net");
let last: unknown;
const say = occasionally((count) => {
  const where = last instanceof Error ? last.stack?.split("\n")[1]?.trim() : undefined;
  log.error("handler failed, connection closed", { error: messageOf(last), where, count });
});

/** Logs what a handler threw, with the line it came from; at most once a second, since a peer may be able to provoke it. */
export function sayHandlerFailed(error: unknown): void {
  last = error;
  say();
}
