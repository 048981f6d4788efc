import { nearest, TenkError } from "../../base/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import { parseTargetAddress, type TargetAddress } from "./address.ts";
import { BALANCES, type Balance } from "./balance.ts";
import { HEALTH_DEFAULTS, type HealthOptions, type HealthSettings } from "./health.ts";

export interface RelayTarget {
  /** `host:port`, `[::1]:port`, `unix:/path` or `unix:@name`. */
  address: string;
  /** Its share, where the balance knows weights: 1 to 1000. @default {1} */
  weight?: number;
  /** Give it no new pairs, and let it keep those that it has. @default {false} */
  draining?: boolean;
}

/** Where a relay carries connections to, and how. Only plain data, so that it can be sent to workers. */
export interface RelayOptions {
  /** What it is called in the log; a configuration has the listener's. @default {"relay"} */
  name?: string;
  /** At least one; each address once. */
  targets: readonly (string | RelayTarget)[];
  /** How a target is chosen for each client. @default {"round-robin"} */
  balance?: Balance;
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

export interface TargetSettings {
  readonly address: string;
  readonly place: TargetAddress;
  readonly weight: number;
  readonly draining: boolean;
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
  const options = record(given, "a relay's options");
  known(options, ["targets", "health", ...Object.keys(RELAY_DEFAULTS)], "a relay's option");
  const settings = { ...RELAY_DEFAULTS, ...defined(options) } as unknown as RelaySettings;
  const health = { ...HEALTH_DEFAULTS, ...defined(record(options.health ?? {}, "health")) };
  known(health, Object.keys(HEALTH_DEFAULTS), "an option of health");
  if (typeof settings.name !== "string") wrong("name", "text", settings.name);
  oneOf("balance", settings.balance, BALANCES);
  oneOf("proxyHeader", settings.proxyHeader, ["none", "v1", "v2"]);
  whole("connectTimeoutMs", settings.connectTimeoutMs, 1);
  whole("attempts", settings.attempts, 1);
  whole("maxPairs", settings.maxPairs, 0);
  whole("stallMs", settings.stallMs, 0);
  whole("finishMs", settings.finishMs, 0);
  for (const name of ["failures", "backOffMs", "maxBackOffMs", "checkMs"] as const) whole(name, health[name], 0);
  whole("checkTimeoutMs", health.checkTimeoutMs, 1);
  return { ...settings, health, targets: targetSettings(options.targets) };
}

function targetSettings(given: unknown): TargetSettings[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new TenkError("invalid-option", "Cannot relay without targets: expected a list of at least one", {
      hint: 'targets: ["127.0.0.1:5432"]',
    });
  }
  const targets = given.map((each: unknown) => targetSetting(each));
  const addresses = targets.map(({ address }) => address);
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice === undefined) return targets;
  throw new TenkError("invalid-option", `Cannot relay to ${twice} twice: each target may stand in the list once`, {
    hint: "give it a weight instead",
  });
}

function targetSetting(given: unknown): TargetSettings {
  const target = typeof given === "string" ? { address: given } : record(given, "a target");
  known(target, ["address", "weight", "draining"], "an option of a target");
  const { address, weight = 1, draining = false } = target;
  if (typeof address !== "string") wrong("a target's address", "text", address);
  if (typeof draining !== "boolean") wrong("draining", "true or false", draining);
  whole("weight", weight, 1, 1_000);
  return { address, place: parseTargetAddress(address), weight: weight as number, draining };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return wrong(what, "an object", value);
}

function defined(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function known(given: object, names: readonly string[], what: string): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, names);
  throw new TenkError("invalid-option", `Cannot use ${JSON.stringify(unknown)}: it is not ${what}`, {
    hint: near === undefined ? `known are ${names.join(", ")}` : `did you mean "${near}"?`,
  });
}

function oneOf(name: string, value: unknown, values: readonly unknown[]): void {
  if (!values.includes(value)) wrong(name, `one of ${values.join(", ")}`, value);
}

function whole(name: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  wrong(name, `a whole number of ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : " or more"}`, value);
}

function wrong(name: string, expected: string, value: unknown): never {
  const shown = JSON.stringify(value) ?? String(value);
  throw new TenkError("invalid-option", `Cannot use ${name} as it must be ${expected}: current value is ${shown}`);
}
