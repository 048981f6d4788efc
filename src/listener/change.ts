import type { PreparedChange, ServerChange } from "../net/mod.ts";
import type { DesiredListener, RunningListener } from "./listener.ts";

/** How a running listener differs from the desired one of the same name and address. */
export interface Difference {
  /** A setting differs that only a new listener can take. */
  readonly restart: boolean;
  /** For the running listener; nothing is prepared where it is empty. */
  readonly change: ServerChange;
  /** What differs, for the log. */
  readonly changed: readonly string[];
}

/**
 * Compares the options of two listeners of one name and address. Limits and TLS can change while it runs, all others but
 * `handlerOptions`, which are left to the part, need a new listener.
 */
export function optionsDifference(before: DesiredListener, after: DesiredListener): Difference {
  // A port is ignored: the address is the same, and a port that the system chose is not configured.
  const fixed = ({ options: { limits: _, port: __, tls, handlerOptions: ___, ...rest } }: DesiredListener) => [
    rest,
    tls !== undefined,
  ];
  const { limits, tls } = after.options;
  const isOther = (name: "limits" | "tls") => !isSame(before.options[name], after.options[name]);
  return {
    restart: !isSame(fixed(before), fixed(after)),
    change: {
      // Also when the settings are the same: the certificate files may have changed.
      ...(tls && { tls }),
      ...(isOther("limits") && limits && { limits }),
    },
    changed: (["limits", "tls"] as const).filter(isOther),
  };
}

/** Returns whether two settings are the same data. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A running listener whose event loops have all prepared the change. */
export interface PreparedListener<Desired extends DesiredListener> {
  readonly before: RunningListener<Desired>;
  readonly desired: Desired;
  readonly difference: Difference;
  /** Undefined when nothing changes. */
  readonly prepared: PreparedChange | undefined;
}

/**
 * Prepares the changes of running listeners, none of which needs a restart.
 *
 * @throws {TenkError} the first that a listener refuses; then none has changed
 */
export async function prepareAll<Desired extends DesiredListener>(
  pairs: readonly (readonly [before: RunningListener<Desired>, desired: Desired, difference: Difference])[],
): Promise<PreparedListener<Desired>[]> {
  const done: PreparedListener<Desired>[] = [];
  try {
    for (const [before, desired, difference] of pairs) {
      const isEmpty = Object.keys(difference.change).length === 0;
      const prepared = isEmpty ? undefined : await before.server.prepare(difference.change);
      done.push({ before, desired, difference, prepared });
    }
  } catch (error) {
    await dropAll(done);
    throw error;
  }
  return done;
}

export async function dropAll(changes: readonly { readonly prepared: PreparedChange | undefined }[]): Promise<void> {
  await Promise.all(changes.map(({ prepared }) => prepared?.drop()));
}
