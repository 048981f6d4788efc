import {
  type HeaderEdits,
  type HttpAnswer,
  type HttpForward,
  type HttpService,
  isWatchedKind,
  type Service,
} from "../../part/mod.ts";
import { HEALTH_DEFAULTS } from "../../targets/mod.ts";
import { forwardSettings, httpSettings } from "./defaults.ts";
import { DASHBOARD, isProxied, kindOf } from "./kind.ts";
import type { WrittenService } from "./schema.ts";

/**
 * Returns the services with their kinds and hosts, which follow from target and name.
 *
 * @param domain the domain of default hosts: `git` becomes `git.home.arpa`
 *   With `home.arpa`, `cache: rediss://10.0.0.2` has the kind `redis` and the hosts `cache.home.arpa` and `cache.local`. What tenk
 *   serves itself has a name below `localhost` too, which browsers and curl look up nowhere: it works before any name server does.
 */
export function servicesOf(declared: Readonly<Record<string, WrittenService>>, domain: string | undefined): Service[] {
  return Object.entries(declared).map(([name, section]) => {
    const kind = kindOf(section);
    const isNamed = !isWatchedKind(kind);
    const domains = [...(domain === undefined ? [] : [domain]), "local", ...(isProxied(section) ? ["localhost"] : [])];
    const defaultHosts = [...new Set(domains.map((each) => `${name}.${each}`))];
    return {
      name,
      target: section.target ?? section.targets?.[0]?.url,
      kind,
      hosts: section.hosts ?? (isNamed ? defaultHosts : []),
      dns: section.dns ?? isNamed,
      probe: section.probe === false ? undefined : section.probe === true ? {} : (section.probe ?? {}),
      ...(section.after !== undefined && { after: section.after }),
      ...(section.group !== undefined && { group: section.group }),
      http: isProxied(section) ? httpOf(section) : undefined,
    };
  });
}

function httpOf(section: WrittenService): HttpService {
  const { headers, hsts, allow } = section;
  const { path, strip, plainHttp, maxBody, limits, compress } = httpSettings(section);
  return {
    paths: path,
    strip,
    plainHttp,
    answer: answerOf(section),
    maxBodyBytes: maxBody,
    headers: { request: editsOf(headers?.request), response: editsOf(headers?.response) },
    auth: authOf(section),
    allow,
    rate: { perSecond: limits.requestsPerSecond, burst: limits.burst },
    compress,
    hsts: hsts && { maxAgeMs: hsts.maxAge, subdomains: hsts.subdomains, preload: hsts.preload },
  };
}

function editsOf(edits: NonNullable<WrittenService["headers"]>["request"]): HeaderEdits {
  const { remove = [], set = {}, add = {} } = edits ?? {};
  return { remove, set: Object.entries(set), add: Object.entries(add) };
}

function authOf({ auth }: WrittenService): HttpService["auth"] {
  if (auth?.users !== undefined) return { type: "basic", realm: auth.realm ?? "tenk", users: auth.users };
  if (auth?.forward === undefined) return undefined;
  const { url, copyHeaders, timeout } = auth.forward;
  return { type: "forward", url, copyHeaders, timeoutMs: timeout };
}

function answerOf(section: WrittenService): HttpAnswer {
  const { respond, redirect, root } = section;
  if (respond !== undefined) return { type: "respond", ...respond };
  if (redirect !== undefined) return { type: "redirect", ...redirect };
  if (section.target === DASHBOARD) return { type: "dashboard", forward: forwardOf(section) };
  if (root === undefined) return { type: "forward", forward: { ...forwardOf(section), targets: targetsOf(section) } };
  const { folder, index, fallback, precompressed, cache } = root;
  return { type: "files", files: { folder, index, fallback, precompressed, cacheBytes: cache } };
}

function targetsOf({ target = "", targets }: WrittenService): HttpForward["targets"] {
  return targets ?? [{ url: target, weight: 1, draining: false }];
}

function forwardOf(section: WrittenService): Omit<HttpForward, "targets"> {
  const { hashHeader, sticky, tls } = section;
  const { protocol, balance, attempts, health, limits, timeouts } = forwardSettings(section);
  return {
    protocol,
    balance,
    hashHeader,
    sticky: sticky && { cookie: sticky.cookie, secret: sticky.secret },
    attempts,
    health: {
      path: health.path,
      status: health.status ?? [],
      checkMs: health.check ?? 0,
      checkTimeoutMs: health.checkTimeout ?? HEALTH_DEFAULTS.checkTimeoutMs,
      failures: health.failures,
      withinMs: health.within,
      backOffMs: health.backOff,
      maxBackOffMs: health.maxBackOff,
    },
    limits: { perTarget: limits.perTarget, waiting: limits.waiting, waitMs: limits.wait },
    timeouts: { connectMs: timeouts.connect, responseMs: timeouts.response, stallMs: timeouts.stall },
    tls: tls && { verify: tls.verify, serverName: tls.serverName, ca: tls.ca, cert: tls.cert, key: tls.key },
  };
}
