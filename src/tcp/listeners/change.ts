import type { Difference } from "../../listener/mod.ts";
import type { ServerChange } from "../../net/mod.ts";
import type { DesiredListener } from "./listener.ts";

/** A difference, and whether connections to come get another handler. */
export interface TcpDifference extends Difference {
  readonly handler: boolean;
}

/** Compares two listeners of one address. */
export function differenceOf(before: DesiredListener, after: DesiredListener): TcpDifference {
  const isRelay = before.config.handler === "relay" && after.config.handler === "relay";
  // A port is ignored: the address is the same, and a port that the system chose is not configured.
  const others = ({ options: { limits: _, port: __, tls, handlerOptions, ...rest } }: DesiredListener) => [
    rest,
    tls !== undefined,
    isRelay ? undefined : handlerOptions,
  ];
  const handler =
    before.digest !== after.digest ||
    before.config.handler !== after.config.handler ||
    before.file !== after.file ||
    before.config.dump !== after.config.dump ||
    !isSame(before.config.dumpFilter, after.config.dumpFilter);
  const relay = isRelay && !isSame(before.options.handlerOptions, after.options.handlerOptions);
  const limits = !isSame(before.options.limits, after.options.limits);
  const tls = !isSame(before.options.tls, after.options.tls);
  return {
    restart: !isSame(others(before), others(after)),
    handler,
    change: serverChange(after, { handler, relay, limits }),
    changed: [relay && "relay", limits && "limits", tls && "tls"].filter((each) => each !== false),
  };
}

function serverChange(
  { url, options: { tls, limits, handlerOptions } }: DesiredListener,
  change: { readonly handler: boolean; readonly relay: boolean; readonly limits: boolean },
): ServerChange {
  return {
    ...(change.handler ? { handler: url } : {}),
    ...(change.relay ? { handlerOptions } : {}),
    // Also when the settings are the same: the certificate files may have changed.
    ...(tls === undefined ? {} : { tls }),
    ...(change.limits && limits !== undefined ? { limits } : {}),
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
