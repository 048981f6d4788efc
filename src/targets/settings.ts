import { TenkError } from "../base/mod.ts";
import { parseTargetAddress, type TargetAddress } from "./address.ts";
import type { Balance } from "./balance.ts";
import { HEALTH_DEFAULTS, type HealthSettings, MAX_COUNTED } from "./health.ts";
import { known, optionValues, wholeNumber, withoutUndefined, wrongOption } from "./option-values.ts";
import { QUEUE_DEFAULTS, type QueueSettings } from "./queue.ts";

/** A target as users write it. */
export interface TargetOptions {
  /** `host:port`, `[::1]:port`, `unix:/path` or `unix:@name`. */
  address: string;
  /** Its share, where the balance knows weights: 1 to 1000. @default {1} */
  weight?: number;
  /** Give it nothing new, and let it finish what it has. @default {false} */
  draining?: boolean;
}

export interface TargetSettings {
  /** As it was written. What is known of a target is kept by this text. */
  readonly address: string;
  readonly place: TargetAddress;
  readonly weight: number;
  readonly draining: boolean;
}

/** The settings of a list of targets. */
export interface TargetListSettings {
  /** What the list is called in the log. */
  readonly name: string;
  readonly targets: readonly TargetSettings[];
  readonly balance: Balance;
  readonly health: HealthSettings;
  /** What one target may carry at once; 0 = no limit. */
  readonly maxActive: number;
  /** For callers that wait while every target is at `maxActive`. */
  readonly queue: QueueSettings;
  /** Ties clients to targets by a cookie that is made with it. Each event loop must have the same. @default {none} */
  readonly stickySecret?: string | undefined;
  /** All else that a link is made from, as text: another text makes new links. */
  readonly linkKey: string;
}

export const TARGET_LIST_DEFAULTS = {
  balance: "round-robin",
  health: HEALTH_DEFAULTS,
  maxActive: 0,
  queue: QUEUE_DEFAULTS,
} as const satisfies Partial<TargetListSettings>;

/** Checks options of health and fills in the defaults. @throws {TenkError} `invalid-option` */
export function healthSettings(given: unknown): HealthSettings {
  const options = optionValues(given ?? {}, "health");
  known(options, Object.keys(HEALTH_DEFAULTS), "an option of health");
  const health = { ...HEALTH_DEFAULTS, ...withoutUndefined(options) };
  for (const name of ["backOffMs", "maxBackOffMs", "withinMs", "checkMs"] as const) wholeNumber(name, health[name], 0);
  wholeNumber("failures", health.failures, 0, health.withinMs > 0 ? MAX_COUNTED : undefined);
  wholeNumber("checkTimeoutMs", health.checkTimeoutMs, 1);
  return health;
}

/**
 * Checks a list of targets and fills in the defaults.
 *
 * @param verb what is done with them, for errors: "relay"
 * @param parse reads an address @default {parseTargetAddress}
 * @throws {TenkError} `invalid-option`
 */
export function targetSettings(given: unknown, verb: string, parse = parseTargetAddress): TargetSettings[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new TenkError("invalid-option", `Cannot ${verb} without targets: expected a list of at least one`, {
      hint: 'targets: ["127.0.0.1:5432"]',
    });
  }
  const targets = given.map((each: unknown) => targetSetting(each, parse));
  const seen = new Set<string>();
  for (const { address } of targets) {
    if (seen.has(address)) {
      throw new TenkError("invalid-option", `Cannot ${verb} to ${address} twice: each target may be listed once`, {
        hint: "give it a weight instead",
      });
    }
    seen.add(address);
  }
  return targets;
}

function targetSetting(given: unknown, parse: (text: string) => TargetAddress): TargetSettings {
  const target = typeof given === "string" ? { address: given } : optionValues(given, "a target");
  known(target, ["address", "weight", "draining"], "an option of a target");
  const { address, weight = 1, draining = false } = target;
  if (typeof address !== "string") wrongOption("a target's address", "text", address);
  if (typeof draining !== "boolean") wrongOption("draining", "true or false", draining);
  wholeNumber("weight", weight, 1, 1_000);
  return { address, place: parse(address), weight: weight as number, draining };
}
