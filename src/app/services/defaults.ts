import { isWatchedKind } from "../../part/mod.ts";
import { HEALTH_DEFAULTS, QUEUE_DEFAULTS, TARGET_LIST_DEFAULTS } from "../../targets/mod.ts";
import { DASHBOARD, isProxied, kindOf } from "./kind.ts";
import type { WrittenService } from "./schema.ts";

/** Of services whose health has a path; others are not checked. */
const CHECK_DEFAULTS = { status: ["2xx"], check: 30_000, checkTimeout: 5_000 };

/** Fills in the defaults of the settings that have a meaning for this service: a Redis server has no `path`. */
export function withDefaults(service: WrittenService): WrittenService {
  const isServed = !isWatchedKind(kindOf(service));
  const given = { proxy: isServed, dns: isServed, probe: true, ...defined(service) };
  if (!isProxied(service)) return given;
  return { ...given, ...httpSettings(service), ...(isForwarded(service) && forwardSettings(service)) };
}

/** Whether it has targets of its own: the dashboard needs no balance and no health. */
export function isForwarded({ target, targets }: WrittenService): boolean {
  return (target !== undefined && target !== DASHBOARD) || targets !== undefined;
}

/** Returns the settings of every service that is served by HTTPS. */
export function httpSettings(service: WrittenService) {
  const { path, strip, plainHttp, maxBody, compress, auth, limits } = service;
  const requestsPerSecond = limits?.requestsPerSecond ?? 0;
  return {
    path: path ?? ["/"],
    strip: strip ?? false,
    plainHttp: plainHttp ?? ("redirect" as const),
    maxBody: maxBody ?? 0,
    compress: compress ?? false,
    ...(auth?.users !== undefined && { auth: { ...auth, realm: auth.realm ?? "tenk" } }),
    limits: { ...limits, requestsPerSecond, burst: limits?.burst ?? Math.max(1, 2 * requestsPerSecond) },
  };
}

/** Returns the settings of services that have targets. */
export function forwardSettings(service: WrittenService) {
  const { protocol, balance, attempts, health = {}, timeouts = {} } = service;
  return {
    protocol: protocol ?? ("auto" as const),
    balance: balance ?? TARGET_LIST_DEFAULTS.balance,
    attempts: attempts ?? 3,
    health: {
      ...(health.path !== undefined && CHECK_DEFAULTS),
      failures: HEALTH_DEFAULTS.failures,
      within: HEALTH_DEFAULTS.withinMs,
      backOff: HEALTH_DEFAULTS.backOffMs,
      maxBackOff: HEALTH_DEFAULTS.maxBackOffMs,
      ...defined(health),
    },
    limits: {
      perTarget: TARGET_LIST_DEFAULTS.maxActive,
      waiting: QUEUE_DEFAULTS.maxWaiting,
      wait: QUEUE_DEFAULTS.waitMs,
      ...defined(httpSettings(service).limits),
    },
    timeouts: { connect: 3_000, response: 0, stall: 60_000, ...defined(timeouts) },
  };
}

/** Drops settings without a value, which would replace defaults. */
function defined<Given extends object>(given: Given): { [Key in keyof Given]: Exclude<Given[Key], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
