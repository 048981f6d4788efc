import { sourceUrl } from "../../base/mod.ts";
import { certifiableNames, type DesiredListener, machineNames } from "../../listener/mod.ts";
import type { ListenOptions } from "../../net/mod.ts";
import type { Address, Service } from "../../part/mod.ts";
import type { AccessLogOptions } from "../access-log/mod.ts";
import type { ProxyConfig } from "../config.ts";
import { PROXY_COUNTS } from "../counts.ts";

/** The module that every event loop of a listener loads. */
export const PROXY_MODULE = new URL(sourceUrl("proxy/handler/proxy-module.ts"));

/** What the listeners are made of. */
export interface ProxySettings {
  readonly config: ProxyConfig;
  readonly services: readonly Service[];
  readonly domain: string | undefined;
  /** Domains whose names the local CA signs, beside those that are local everywhere. */
  readonly localDomains: readonly string[];
  /** That relative paths in the configuration are relative to. */
  readonly folder: string;
  /** Undefined without an access log. */
  readonly accessLog: AccessLogOptions | undefined;
  readonly slots: Readonly<Record<string, number>>;
}

export type ListenerName = "https" | "http";

/** One of the two, without what its handler is given and without certificates: `change.ts` completes it. */
export interface ProxyListener extends DesiredListener {
  readonly name: ListenerName;
  readonly settings: ProxySettings;
}

const USUAL_PORTS: Readonly<Record<ListenerName, readonly [number, ...number[]]>> = {
  https: [443, 8443, 0],
  http: [80, 8080, 0],
};

/** Returns the listeners of a configuration: HTTPS first, since redirects name its port. */
export function desiredListeners(settings: ProxySettings): ProxyListener[] {
  const { config } = settings;
  // Without HTTPS nothing but responses to challenges is wanted of the store.
  const certificates = { owner: "proxy", names: config.https === "off" ? [] : certificateNames(settings) };
  return (["https", "http"] as const).flatMap((name) => {
    const given = config[name];
    if (given === "off") return [];
    const [port, ...fallbackPorts] = USUAL_PORTS[name];
    const listen: Address = given === "auto" ? { host: "0.0.0.0", port } : given;
    return [
      {
        name,
        listen,
        ...(given === "auto" && { fallbackPorts }),
        setting: `proxy.${name}`,
        certificates,
        options: listenOptions(name, listen, config),
        handler: PROXY_MODULE,
        settings,
      },
    ];
  });
}

/** A client that vanished holds a WebSocket, and its target's, for a minute and a half at most. */
const KEEP_ALIVE = { keepAliveMs: 60_000, keepAliveIntervalMs: 10_000, keepAliveProbes: 3 };

function listenOptions(name: ListenerName, address: Address, { limits, workers }: ProxyConfig): ListenOptions {
  return {
    ...address,
    name,
    workers: "path" in address ? 1 : workers,
    halfOpen: true,
    // A request has several reads, and its client waits for all of them.
    gatherUs: 0,
    ...KEEP_ALIVE,
    limits: { maxConnections: limits.connections, maxPerAddress: limits.perAddress },
    handlerCounts: PROXY_COUNTS,
  };
}

type Names = Pick<ProxySettings, "config" | "services" | "domain">;

/** Returns the names of the machine's own site. */
export function ownNames({ config, domain }: Pick<Names, "config" | "domain">): string[] {
  return machineNames(domain, config.names);
}

/** Returns the names that the HTTPS listener needs certificates for. `*` has none: it stands for names that nobody declared. */
export function certificateNames(settings: Names): string[] {
  const ofServices = settings.services.flatMap(({ http, hosts }) => (http === undefined ? [] : hosts));
  return [...new Set([...certifiableNames(settings.domain, settings.config.names), ...ofServices])].filter(
    (name) => name !== "*",
  );
}
