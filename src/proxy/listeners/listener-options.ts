import { hostname } from "node:os";
import { resolve } from "node:path";
import { sourceUrl } from "../../base/mod.ts";
import { handshakeOptions } from "../../listener/mod.ts";
import type { Limits, ListenOptions, ServerTlsOptions } from "../../net/mod.ts";
import type { Address, Service } from "../../part/mod.ts";
import type { ProxyConfig } from "../config.ts";
import { PROXY_COUNTS } from "../counts.ts";
import type { OwnPage, ProxyOptions } from "../handler/mod.ts";

/** The module that every event loop of a listener loads. */
export const PROXY_MODULE = new URL(sourceUrl("proxy/handler/proxy-module.ts"));

/** What the machine says of itself where no service has the name: that it works, and what it got. */
const OWN_BODY = [
  "{time.now}",
  "{system.hostname}: {system.os}/{system.arch}",
  "{http.request.proto} {http.request.method} {http.request.uri}",
  "",
].join("\n");

/** What a listener's options are made of. */
export interface ProxySettings {
  readonly config: ProxyConfig;
  readonly services: readonly Service[];
  readonly domain: string | undefined;
  /** That relative paths in the configuration are relative to. */
  readonly folder: string;
  readonly slots: Readonly<Record<string, number>>;
  readonly challenges: Readonly<Record<string, string>>;
  readonly pages: Readonly<Record<string, OwnPage>>;
}

type Names = Pick<ProxySettings, "config" | "services" | "domain">;

/** Returns the names of the machine's own site. */
export function ownNames({ config: { names }, domain }: Omit<Names, "services">): string[] {
  const name = hostname().toLowerCase();
  const usual = [name, `${name}.local`, ...(domain === undefined ? [] : [`${name}.${domain}`])];
  return [...new Set(["localhost", ...(names ?? usual)])];
}

/** Returns the names that the HTTPS listener needs certificates for. `*` has none: it stands for names that nobody declared. */
export function certificateNames(settings: Names): string[] {
  const ofServices = settings.services.flatMap(({ http, hosts }) => (http === undefined ? [] : hosts));
  // The bare host name of a machine is no name that a certificate is issued for.
  const own = ownNames(settings).filter((name) => name === "localhost" || name.includes("."));
  return [...new Set([...own, ...ofServices])].filter((name) => name !== "*");
}

/** @param redirectToPort of the HTTPS listener, for the plain one; undefined without redirects */
export function handlerOptions(settings: ProxySettings, redirectToPort: number | undefined): ProxyOptions {
  const { config, services, folder, slots, challenges, pages } = settings;
  const { timeouts, limits } = config;
  return {
    services: services.filter(({ http }) => http !== undefined).map((each) => withAbsoluteFolder(each, folder)),
    own: { hosts: ownNames(settings), body: OWN_BODY, pages },
    ...(redirectToPort !== undefined && { redirectToPort }),
    trustedProxies: config.trustedProxies ?? [],
    challenges,
    slots,
    server: {
      headTimeoutMs: timeouts.head,
      bodyTimeoutMs: timeouts.body,
      keepAliveMs: timeouts.keepAlive,
      maxHeadBytes: limits.head,
      maxFields: limits.fields,
    },
  };
}

function withAbsoluteFolder(service: Service, folder: string): Service {
  const { http } = service;
  if (http?.answer.type !== "files") return service;
  const files = { ...http.answer.files, folder: resolve(folder, http.answer.files.folder) };
  return { ...service, http: { ...http, answer: { type: "files", files } } };
}

/** @param certificates as the store declares them */
export function tlsOptions({ tls }: ProxyConfig, certificates: ServerTlsOptions): ServerTlsOptions {
  return {
    ...certificates,
    alpn: ["h2", "http/1.1"],
    // A client that offers only other protocols speaks HTTP/1.1 most of the time.
    alpnMismatch: "continue",
    ...handshakeOptions(tls),
  };
}

export function listenOptions(
  name: ListenerName,
  address: Address,
  { limits, workers }: ProxyConfig,
  options: ProxyOptions,
  tls: ServerTlsOptions | undefined,
): ListenOptions {
  return {
    ...address,
    name,
    workers: "path" in address ? 1 : workers,
    halfOpen: true,
    limits: limitsOf(limits),
    handlerOptions: options,
    handlerCounts: PROXY_COUNTS,
    ...(tls && { tls }),
  };
}

export type ListenerName = "https" | "http";

export function limitsOf({ connections, perAddress }: ProxyConfig["limits"]): Limits {
  return { maxConnections: connections, maxPerAddress: perAddress };
}
