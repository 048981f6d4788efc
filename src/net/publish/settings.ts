import { TenkError } from "../../base/mod.ts";
import { SUBSCRIBER_DEFAULTS } from "../defaults.ts";
import type { SubscriberOptions } from "../types.ts";

/** Subscriber options with every default filled in; one for all connections of a listener, may be changed in place. */
export type SubscriberSettings = Required<SubscriberOptions>;

const POLICIES = ["drop-oldest", "drop-newest", "close"] as const;

/** @throws {TenkError} `invalid-option` */
export function subscriberSettings(given: SubscriberOptions = {}): SubscriberSettings {
  const known = SUBSCRIBER_DEFAULTS;
  const { maxQueuedBytes = known.maxQueuedBytes, maxTopics = known.maxTopics, whenFull = known.whenFull } = given;
  const { maxRelayedBytes = known.maxRelayedBytes } = given;
  mustBeWhole("subscribers.maxQueuedBytes", maxQueuedBytes);
  mustBeWhole("subscribers.maxTopics", maxTopics);
  mustBeWhole("subscribers.maxRelayedBytes", maxRelayedBytes);
  if (POLICIES.includes(whenFull)) return { maxQueuedBytes, whenFull, maxTopics, maxRelayedBytes };
  throw new TenkError(
    "invalid-option",
    `Cannot use subscribers.whenFull as it must be one of ${POLICIES.join(", ")}: current value is ${whenFull}`,
  );
}

function mustBeWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new TenkError(
    "invalid-option",
    `Cannot use ${name} as it must be a whole number ≥ 0: current value is ${value}`,
  );
}
