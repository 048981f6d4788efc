import { resolve } from "node:path";
import { isAddress, isPublic } from "../../certificates/mod.ts";
import {
  type Circumstances,
  type Difference,
  handshakeOptions,
  isSame,
  optionsDifference,
} from "../../listener/mod.ts";
import type { ServerTlsOptions } from "../../net/mod.ts";
import type { Certificates, OwnDashboard, OwnResolver, Service } from "../../part/mod.ts";
import type { ProxyConfig } from "../config.ts";
import type { ProxyOptions } from "../handler/mod.ts";
import { withDashboard } from "./dashboard-service.ts";
import type { ProxyListener, ProxySettings } from "./desired.ts";
import { ownSite } from "./own-site.ts";

interface Now extends Circumstances {
  readonly store: Certificates;
  readonly dashboard: OwnDashboard;
  readonly resolver: OwnResolver;
}

/** Returns a listener with certificates, and with what its handler is given. */
export function completed(listener: ProxyListener, now: Now): ProxyListener {
  const { certificates, ports } = now;
  const { name, settings } = listener;
  const { config } = settings;
  const redirectToPort = name === "http" && config.https !== "off" ? ports.get("https") || 443 : undefined;
  const options = {
    ...listener.options,
    handlerOptions: handlerOptions(settings, now, redirectToPort, name === "https"),
    ...(name === "https" && certificates && { tls: tlsOptions(config, certificates) }),
  };
  return { ...listener, options };
}

/**
 * @param redirectToPort of the HTTPS listener, for the plain one; undefined without redirects
 * @param isSecure of the HTTPS listener: a policy that is sent in the clear must not be obeyed (RFC 6797 §8.1)
 */
export function handlerOptions(
  settings: ProxySettings,
  { store, dashboard, resolver, ports }: Pick<Now, "store" | "dashboard" | "resolver" | "ports">,
  redirectToPort: number | undefined,
  isSecure: boolean,
): ProxyOptions {
  const { config, services, localDomains, folder, slots, accessLog } = settings;
  const { timeouts, limits } = config;
  return {
    services: services
      .filter(({ http }) => http !== undefined)
      .map((each) => withDashboard(withAbsoluteFolder(each, folder), dashboard)),
    own: ownSite(settings, { store, resolver, ports }),
    ...(redirectToPort !== undefined && { redirectToPort }),
    hstsHosts: isSecure ? hstsHosts(services, localDomains) : [],
    trustedProxies: config.trustedProxies ?? [],
    challenges: store.httpChallenges(),
    slots,
    ...(accessLog && { accessLog }),
    server: {
      headTimeoutMs: timeouts.head,
      bodyTimeoutMs: timeouts.body,
      keepAliveMs: timeouts.keepAlive,
      maxHeadBytes: limits.head,
      maxFields: limits.fields,
    },
  };
}

/**
 * Returns the hosts that browsers may be told to use HTTPS alone for: public names. Where the local CA signs, a browser that does not
 * trust it yet could no longer be told to go on, and `*` may be anybody's.
 */
function hstsHosts(services: readonly Service[], localDomains: readonly string[]): string[] {
  const hosts = services.flatMap(({ http, hosts }) => (http?.hsts === undefined ? [] : hosts));
  return hosts.filter((host) => isPublic(host, localDomains) && !isAddress(host));
}

function withAbsoluteFolder(service: Service, folder: string): Service {
  const { http } = service;
  if (http?.answer.type !== "files") return service;
  const files = { ...http.answer.files, folder: resolve(folder, http.answer.files.folder) };
  return { ...service, http: { ...http, answer: { type: "files", files } } };
}

function tlsOptions({ tls }: ProxyConfig, certificates: NonNullable<Now["certificates"]>): ServerTlsOptions {
  return {
    ...certificates,
    alpn: ["h2", "http/1.1"],
    // A client that offers only other protocols speaks HTTP/1.1 most of the time.
    alpnMismatch: "continue",
    ...handshakeOptions(tls),
  };
}

/** Compares two listeners of one address: all that their handlers are given can change while they run. */
export function differenceOf(before: ProxyListener, after: ProxyListener): Difference {
  const common = optionsDifference(before, after);
  const [former, next] = [before, after].map(({ options }) => {
    const { services, own, trustedProxies, server, redirectToPort, accessLog } = options.handlerOptions as ProxyOptions;
    return { services, names: own.hosts, trustedProxies, server, redirectToPort, accessLog };
  });
  const differing = Object.keys(next!).filter((name) => {
    const key = name as keyof typeof next;
    return !isSame(former![key], next![key]);
  });
  return {
    restart: common.restart,
    // Also when the settings are the same: the files of a service may have changed.
    change: { ...common.change, handlerOptions: after.options.handlerOptions },
    changed: [...differing, ...common.changed],
  };
}
