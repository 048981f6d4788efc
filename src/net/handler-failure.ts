import { logOf, occasionally, TenkError, withHint } from "../base/mod.ts";
import { placeOfError, shownFile } from "./module/mod.ts";

const log = logOf("net");
const logFailure = occasionally<unknown>((count, last) => {
  const place = placeOfError(last);
  const where = last instanceof Error ? last.stack?.split("\n")[1]?.trim() : undefined;
  const at = place ? { file: shownFile(place.file), line: place.line, column: place.column } : { where };
  log.error("handler failed, connection closed", { error: withHint(last), ...at, count });
});

/** Logs what a handler threw, with its author's line; at most once a second, since a peer may be able to provoke it. */
export function logHandlerFailed(error: unknown): void {
  logFailure(error);
}

/** Returns the error for a handler whose bytes would go nowhere. `listen` cannot check it, since `open` may set a framing. */
export function withoutFraming(): TenkError {
  return new TenkError(
    "invalid-option",
    "bytes came for a handler with `frame`, but nothing says how they are framed",
    {
      hint: "give it `framing: lines()` or another, or call setFraming in `open`",
    },
  );
}
