import type { PreparedChange, ServerChange } from "../../net/mod.ts";
import type { RunningListener, Wanted } from "./listener.ts";

/** What differs between a listener that runs and what is wanted of it. */
export interface Change {
  /** Something that a running listener cannot take. */
  readonly restart: boolean;
  readonly handler: boolean;
  readonly relay: boolean;
  readonly tls: boolean;
  readonly limits: boolean;
}

/** What differs between two with one address. */
export function changeOf(before: Wanted, after: Wanted): Change {
  const isRelay = before.config.handler === "relay" && after.config.handler === "relay";
  // Of a free port that was taken the number is no wish of anybody.
  const others = ({ options: { limits: _, port: __, tls, handlerOptions, ...rest } }: Wanted) => [
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

/** A running listener whose event loops have all agreed to what is wanted of it. */
export interface PreparedListener {
  readonly before: RunningListener;
  readonly wanted: Wanted;
  readonly change: Change;
  /** Undefined where nothing is to change. */
  readonly prepared: PreparedChange | undefined;
}

/**
 * Prepares what running listeners are to change; none of it needs a restart.
 *
 * @throws {TenkError} why the first of them cannot; then none has changed
 */
export async function prepareAll(pairs: readonly (readonly [RunningListener, Wanted])[]): Promise<PreparedListener[]> {
  const done: PreparedListener[] = [];
  const changes = pairs.map(([before, wanted]) => ({ before, wanted, change: changeOf(before, wanted) }));
  try {
    for (const each of changes) {
      const change = serverChange(each.wanted, each.change);
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

function serverChange({ url, options: { tls, limits, handlerOptions } }: Wanted, change: Change): ServerChange {
  return {
    ...(change.handler ? { handler: url } : {}),
    ...(change.relay ? { handlerOptions } : {}),
    // Also where its words are the same: the files that they name may be others.
    ...(tls === undefined ? {} : { tls }),
    ...(change.limits && limits !== undefined ? { limits } : {}),
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
