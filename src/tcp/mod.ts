import { sourceUrl } from "../base/mod.ts";
import type { Handler } from "../net/mod.ts";
import echo from "./echo.ts";
import sink from "./sink.ts";

/** Floor 3: what tenk itself does with raw connections. */
export { echo, sink };

/** The built-in handlers by the name a configuration uses; `url` is what several workers load. */
export const HANDLERS: Readonly<Record<"sink" | "echo", { handler: Handler; url: URL }>> = {
  sink: { handler: sink, url: new URL(sourceUrl("tcp/sink.ts")) },
  echo: { handler: echo, url: new URL(sourceUrl("tcp/echo.ts")) },
};
