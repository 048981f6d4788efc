import { nearest, TenkError } from "../base/mod.ts";
import { LIMIT_DEFAULTS, type LimitSettings, SOCKET_DEFAULTS, type SocketSettings } from "./defaults.ts";
import type { Limits, ListenOptions, SocketOptions } from "./types.ts";

export type { LimitSettings, SocketSettings };

/** The listed options of `given`, defaults where it has none. An option given as `undefined` counts as not given. */
function filled<Options extends object>(given: Partial<Options>, defaults: Options): Options {
  const result = { ...defaults };
  for (const key of Object.keys(defaults) as (keyof Options)[]) {
    const value = given[key];
    if (value !== undefined) result[key] = value;
  }
  return result;
}

function mustBeAtLeast(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new TenkError(
    "invalid-option",
    `Cannot use ${name} as it must be a whole number ≥ ${least}: current value is ${value}`,
  );
}

/** @throws {TenkError} `invalid-option` */
export function mustBeWithin(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return;
  throw new TenkError(
    "invalid-option",
    `Cannot use ${name} as it must be a whole number from 0 to ${most}: current value is ${value}`,
  );
}

/** The kernel's own bound (MAX_TCP_KEEPIDLE, include/net/tcp.h). */
const MOST_KEEP_ALIVE_SECONDS = 32_767;

/** What a timer of the runtime can hold; it takes anything longer for 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** A duration fit for a timer: Infinity and the like become 24 days. @throws {TenkError} `invalid-option` */
export function durationSetting(name: string, ms: number): number {
  if (ms >= 0) return Math.min(ms, LONGEST_MS);
  throw new TenkError("invalid-option", `Cannot use ${name} as it must be at least 0: current value is ${ms}`);
}

/** @throws {TenkError} `invalid-option` */
export function socketSettings(given: SocketOptions): SocketSettings {
  const settings = filled(given, SOCKET_DEFAULTS);
  mustBeWithin("keepAliveMs", settings.keepAliveMs, MOST_KEEP_ALIVE_SECONDS * 1000);
  mustBeWithin("keepAliveIntervalMs", settings.keepAliveIntervalMs, MOST_KEEP_ALIVE_SECONDS * 1000);
  mustBeWithin("keepAliveProbes", settings.keepAliveProbes, 127);
  mustBeWithin("userTimeoutMs", settings.userTimeoutMs, LONGEST_MS);
  mustBeWithin("typeOfService", settings.typeOfService, 255);
  mustBeAtLeast("receiveBufferBytes", settings.receiveBufferBytes, 0);
  mustBeAtLeast("sendBufferBytes", settings.sendBufferBytes, 0);
  mustBeAtLeast("writeQueueLowBytes", settings.writeQueueLowBytes, 0);
  mustBeAtLeast("writeQueueHighBytes", settings.writeQueueHighBytes, settings.writeQueueLowBytes);
  mustBeAtLeast("writeQueueMaxBytes", settings.writeQueueMaxBytes, settings.writeQueueHighBytes);
  return settings;
}

/** What the kernel's struct sockaddr_un has room for, less the zero at its end. */
const LONGEST_PATH_BYTES = 107;

/** A Unix socket's path. @throws {TenkError} `invalid-option` */
export function checkPath(path: string | undefined): void {
  if (path === undefined) return;
  const length = Buffer.byteLength(path);
  if (length >= 1 && length <= LONGEST_PATH_BYTES) return;
  throw new TenkError(
    "invalid-option",
    `Cannot use path as it must have 1 to ${LONGEST_PATH_BYTES} bytes: this one has ${length}`,
  );
}

/** What a listener has beside its sockets' settings, held to be sane. @throws {TenkError} `invalid-option` */
export function checkListening({
  port = 0,
  path,
  backlog = 1,
  fastOpen = 0,
  gatherUs = 0,
  proxyProtocol,
}: ListenOptions): void {
  mustBeWithin("port", port, 65_535);
  checkPath(path);
  mustBeWithin("backlog", backlog, 65_535);
  mustBeWithin("fastOpen", fastOpen, 65_535);
  mustBeWithin("gatherUs", gatherUs, 1000);
  if (proxyProtocol === undefined || Array.isArray(proxyProtocol.trusted)) return;
  throw new TenkError("invalid-option", "Cannot use proxyProtocol as trusted must be a list of addresses or ranges", {
    hint: 'trusted: ["10.0.0.0/8"]',
  });
}

/** @throws {TenkError} `invalid-option` */
export function limitSettings(given: Limits, before: LimitSettings = LIMIT_DEFAULTS): LimitSettings {
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(LIMIT_DEFAULTS, name));
  if (stranger !== undefined) {
    const near = nearest(stranger, Object.keys(LIMIT_DEFAULTS));
    throw new TenkError("invalid-option", `Cannot limit "${stranger}": there is no such limit`, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
    });
  }
  const settings = filled(given, before);
  for (const [name, value] of Object.entries(settings)) mustBeAtLeast(name, value, 0);
  return settings;
}
