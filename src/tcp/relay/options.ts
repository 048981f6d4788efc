import type { ClientTlsOptions } from "../../net/mod.ts";
import {
  BALANCES,
  type Balance,
  type HealthOptions,
  type HealthSettings,
  healthSettings,
  known,
  oneOfValues,
  optionValues,
  TARGET_LIST_DEFAULTS,
  type TargetListSettings,
  type TargetOptions,
  type TargetSettings,
  targetSettings,
  wholeNumber,
  withoutUndefined,
  wrongOption,
} from "../../targets/mod.ts";

/** Balances that a relay can follow: it sees no URI and no header. */
export const RELAY_BALANCES = BALANCES.filter(
  (name): name is RelayBalance => name !== "uri-hash" && name !== "header-hash",
);

export type RelayBalance = Exclude<Balance, "uri-hash" | "header-hash">;

export type RelayTarget = TargetOptions;

/** Where a relay carries connections to, and how. Only plain data, so that it can be sent to workers. */
export interface RelayOptions {
  /** What it is called in the log; a configuration has the listener's. @default {"relay"} */
  name?: string;
  /** At least one; each address once. */
  targets: readonly (string | RelayTarget)[];
  /** How a target is chosen for each client. @default {"round-robin"} */
  balance?: RelayBalance;
  /** For each target that is tried: how long a connect, with its TLS handshake, may take. @default {3000} */
  connectTimeoutMs?: number;
  /** Targets that are tried for one client before it is closed with `no-target`. @default {3} */
  attempts?: number;
  /** When a target is taken out, and how it comes back. */
  health?: HealthOptions;
  /** Tell targets whom they serve by a PROXY header in front of the client's bytes. @default {"none"} */
  proxyHeader?: "none" | "v1" | "v2";
  /** Speak TLS to targets: `true`, or how. @default {false} */
  tls?: boolean | ClientTlsOptions;
  /** Pairs on one event loop; clients beyond that are closed with `no-target`. 0 = no bound. @default {0} */
  maxPairs?: number;
  /** End a pair when its target takes nothing of what waits for so long; 0 = never. @default {60000} */
  stallMs?: number;
  /** End a pair when one side finished (FIN) and nothing came or went for so long; 0 = never. @default {60000} */
  finishMs?: number;
}

export interface RelaySettings extends Readonly<Required<Omit<RelayOptions, "targets" | "health">>> {
  readonly targets: readonly TargetSettings[];
  readonly health: HealthSettings;
}

export const RELAY_DEFAULTS = {
  name: "relay",
  balance: "round-robin",
  connectTimeoutMs: 3_000,
  attempts: 3,
  proxyHeader: "none",
  tls: false,
  maxPairs: 0,
  stallMs: 60_000,
  finishMs: 60_000,
} as const satisfies Omit<RelayOptions, "targets" | "health">;

/** Options with every default filled in. What they come from may be a file, so nothing about them is taken for granted. @throws {TenkError} `invalid-option` */
export function relaySettings(given: unknown): RelaySettings {
  const options = optionValues(given, "a relay's options");
  known(options, ["targets", "health", ...Object.keys(RELAY_DEFAULTS)], "a relay's option");
  const settings = { ...RELAY_DEFAULTS, ...withoutUndefined(options) } as unknown as RelaySettings;
  if (typeof settings.name !== "string") wrongOption("name", "text", settings.name);
  oneOfValues("balance", settings.balance, RELAY_BALANCES);
  oneOfValues("proxyHeader", settings.proxyHeader, ["none", "v1", "v2"]);
  wholeNumber("connectTimeoutMs", settings.connectTimeoutMs, 1);
  wholeNumber("attempts", settings.attempts, 1);
  wholeNumber("maxPairs", settings.maxPairs, 0);
  wholeNumber("stallMs", settings.stallMs, 0);
  wholeNumber("finishMs", settings.finishMs, 0);
  const health = healthSettings(options.health);
  return { ...settings, health, targets: targetSettings(options.targets, "relay") };
}

/** Returns the settings of a relay's list of targets. A dialer is made of those in `linkKey`. */
export function targetListSettings(relay: RelaySettings): TargetListSettings {
  const { name, targets, balance, health, connectTimeoutMs, stallMs, tls } = relay;
  const linkKey = JSON.stringify([connectTimeoutMs, stallMs, tls]);
  return { ...TARGET_LIST_DEFAULTS, name, targets, balance, health, linkKey };
}
