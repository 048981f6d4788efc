import { type Difference, isSame, optionsDifference } from "../../listener/mod.ts";
import type { DesiredListener } from "./listener.ts";

/** A difference, and whether connections to come get another handler. */
export interface TcpDifference extends Difference {
  readonly handler: boolean;
}

/** Compares two listeners of one address. */
export function differenceOf(before: DesiredListener, after: DesiredListener): TcpDifference {
  const isRelay = before.config.handler === "relay" && after.config.handler === "relay";
  const common = optionsDifference(before, after);
  const handler =
    before.digest !== after.digest ||
    before.config.handler !== after.config.handler ||
    before.file !== after.file ||
    before.config.dump !== after.config.dump ||
    !isSame(before.config.dumpFilter, after.config.dumpFilter);
  const { options } = after;
  const hasOtherOptions = !isSame(before.options.handlerOptions, options.handlerOptions);
  const relay = isRelay && hasOtherOptions;
  return {
    restart: common.restart || (hasOtherOptions && !isRelay),
    handler,
    change: {
      ...common.change,
      ...(handler && { handler: after.handler }),
      ...(relay && { handlerOptions: options.handlerOptions }),
    },
    changed: [...(relay ? ["relay"] : []), ...common.changed],
  };
}
