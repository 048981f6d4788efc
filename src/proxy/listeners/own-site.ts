import type { Certificates, Service } from "../../part/mod.ts";
import type { OwnSite } from "../handler/mod.ts";
import { ownNames, type ProxySettings } from "./desired.ts";

/** What the machine says of itself where no service has the name: that it works, and what it got. */
const BODY = [
  "{time.now}",
  "{system.hostname}: {system.os}/{system.arch}",
  "{http.request.proto} {http.request.method} {http.request.uri}",
];
const USUAL_PORTS = { https: 443, http: 80 } as const;

type Scheme = keyof typeof USUAL_PORTS;
type Ports = ReadonlyMap<string, number>;

/** Makes the site of the machine itself, as far as the ports are known. */
export function ownSite(settings: ProxySettings, certificates: Certificates, ports: Ports): OwnSite {
  const scheme = ports.has("http") ? "http" : "https";
  const pages = certificates.caPages(`${originOf(scheme, nameForOthers(settings), ports)}/ca`);
  const body = [...BODY, ...dashboardLinks(settings, ports), ""].join("\n");
  return { hosts: ownNames(settings), body, pages };
}

/**
 * Returns where a browser finds a service, or the machine itself.
 *
 * @example
 * originOf("https", "git.home.arpa", new Map([["https", 8443]])); // "https://git.home.arpa:8443"
 */
export function originOf(scheme: Scheme, host: string, ports: Ports): string {
  // 0 is a Unix socket: whoever is in front of it has the usual port.
  const port = ports.get(scheme) || USUAL_PORTS[scheme];
  return `${scheme}://${host}${port === USUAL_PORTS[scheme] ? "" : `:${port}`}`;
}

/** The name that a phone can resolve without help: a configured one, else the one that the machine announces by mDNS. */
function nameForOthers(settings: ProxySettings): string {
  const names = ownNames(settings).filter((name) => name !== "localhost");
  const configured = settings.config.names === undefined ? undefined : names[0];
  return configured ?? names.find((name) => name.endsWith(".local")) ?? names[0] ?? "localhost";
}

/** Returns where a browser finds each service; the machine itself where there is none. */
export function serviceUrls({ services }: Pick<ProxySettings, "services">, ports: Ports): string[] {
  if (ports.size === 0) return [];
  const all = services.flatMap((service) => urlOf(service, ports) ?? []);
  return all.length > 0 ? all : [originOf(schemeOf(ports), "localhost", ports)];
}

/** @returns undefined for a service that is not served here, or has no name but a wildcard */
function urlOf({ hosts, http }: Service, ports: Ports): string | undefined {
  const host = hosts.find((each) => !each.startsWith("*"));
  if (http === undefined || host === undefined) return undefined;
  const path = http.paths[0]!;
  return originOf(schemeOf(ports), host, ports) + (path === "/" ? "" : path);
}

function schemeOf(ports: Ports): Scheme {
  return ports.has("https") ? "https" : "http";
}

function dashboardLinks({ services }: ProxySettings, ports: Ports): string[] {
  const dashboards = services.filter(({ http }) => http?.answer.type === "dashboard");
  return dashboards.flatMap((service) => urlOf(service, ports) ?? []).map((url) => `dashboard: ${url}/`);
}
