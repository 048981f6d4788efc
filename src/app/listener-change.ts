import type { Wanted } from "./listener.ts";

/** What differs between a listener that runs and what is wanted of it. */
export interface Change {
  /** Something that a running listener cannot take. */
  readonly restart: boolean;
  readonly handler: boolean;
  readonly relay: boolean;
  readonly tls: boolean;
  readonly limits: boolean;
}

/** What differs, as far as it can be changed without a restart. */
export function changeOf(before: Wanted, after: Wanted): Change {
  const isRelay = before.config.handler === "relay" && after.config.handler === "relay";
  const others = ({ options: { limits: _, tls, handlerOptions, ...rest } }: Wanted) => [
    rest,
    tls !== undefined,
    isRelay ? undefined : handlerOptions,
  ];
  return {
    restart: !isSame(others(before), others(after)),
    handler:
      before.digest !== after.digest ||
      before.config.handler !== after.config.handler ||
      before.file !== after.file ||
      before.config.dump !== after.config.dump ||
      !isSame(before.config.dumpFilter, after.config.dumpFilter),
    relay: isRelay && !isSame(before.options.handlerOptions, after.options.handlerOptions),
    tls: !isSame(before.options.tls, after.options.tls),
    limits: !isSame(before.options.limits, after.options.limits),
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
