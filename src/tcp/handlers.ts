import { sourceUrl } from "../base/mod.ts";
import type { Handler } from "../net/mod.ts";
import echo from "./echo.ts";
import { relayModule } from "./relay/mod.ts";
import sink from "./sink.ts";

/** A built-in handler; `url` is what several workers load. */
export interface BuiltIn<Made> {
  readonly handler: Made;
  readonly url: URL;
}

/** The built-in handlers by the name a configuration uses. Those that are functions make a handler of `handlerOptions`. */
export const HANDLERS: {
  readonly sink: BuiltIn<Handler>;
  readonly echo: BuiltIn<Handler>;
  readonly relay: BuiltIn<(options: unknown) => Handler>;
} = {
  sink: { handler: sink, url: new URL(sourceUrl("tcp/sink.ts")) },
  echo: { handler: echo, url: new URL(sourceUrl("tcp/echo.ts")) },
  relay: { handler: relayModule, url: new URL(sourceUrl("tcp/relay/relay.ts")) },
};
