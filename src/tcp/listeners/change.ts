import type { PreparedChange, ServerChange } from "../../net/mod.ts";
import type { DesiredListener, RunningListener } from "./listener.ts";

/** The differences between a running listener and the desired one. */
export interface Change {
  /** A setting differs that only a new listener can take. */
  readonly restart: boolean;
  readonly handler: boolean;
  readonly relay: boolean;
  readonly tls: boolean;
  readonly limits: boolean;
}

/** Compares two listeners of one address. */
export function changeOf(before: DesiredListener, after: DesiredListener): Change {
  const isRelay = before.config.handler === "relay" && after.config.handler === "relay";
  // A port is ignored: the address is the same, and a port that the system chose is not configured.
  const others = ({ options: { limits: _, port: __, tls, handlerOptions, ...rest } }: DesiredListener) => [
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

/** A running listener whose event loops have all prepared the change. */
export interface PreparedListener {
  readonly before: RunningListener;
  readonly desired: DesiredListener;
  readonly change: Change;
  /** Undefined when nothing changes. */
  readonly prepared: PreparedChange | undefined;
}

/**
 * Prepares the changes of running listeners, none of which needs a restart.
 *
 * @throws {TenkError} the first that a listener refuses; then none has changed
 */
export async function prepareAll(
  pairs: readonly (readonly [RunningListener, DesiredListener])[],
): Promise<PreparedListener[]> {
  const done: PreparedListener[] = [];
  const changes = pairs.map(([before, desired]) => ({ before, desired, change: changeOf(before, desired) }));
  try {
    for (const each of changes) {
      const change = serverChange(each.desired, each.change);
      const prepared = Object.keys(change).length === 0 ? undefined : await each.before.server.prepare(change);
      done.push({ ...each, prepared });
    }
  } catch (error) {
    await dropAll(done);
    throw error;
  }
  return done;
}

export async function dropAll(changes: readonly PreparedListener[]): Promise<void> {
  await Promise.all(changes.map(({ prepared }) => prepared?.drop()));
}

function serverChange(
  { url, options: { tls, limits, handlerOptions } }: DesiredListener,
  change: Change,
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
