import { isIP } from "node:net";
import { certifiableNames } from "../../listener/mod.ts";
import type { Certificates, DohEntry, OwnResolver, Service } from "../../part/mod.ts";
import type { OwnSite } from "../handler/mod.ts";
import { RouteTable } from "../routes/mod.ts";
import { ownNames, type ProxySettings } from "./desired.ts";
import { dohService } from "./doh-service.ts";

/** What the machine says of itself where no service has the name: that it works, and what it got. */
const BODY = [
  "{time.now}",
  "{system.hostname}: {system.os}/{system.arch}",
  "{http.request.proto} {http.request.method} {http.request.uri}",
];
/** Pages for people, where there are such. */
const PAGES = [
  ["/ca", "trust this box"],
  ["/dns", "use it for DNS"],
] as const;
const USUAL_PORTS = { https: 443, http: 80 } as const;

type Scheme = keyof typeof USUAL_PORTS;
type Ports = ReadonlyMap<string, number>;

interface SiteSources {
  readonly store: Certificates;
  readonly resolver: OwnResolver;
  readonly ports: Ports;
}

/** Makes the site of the machine itself, as far as the ports are known. */
export function ownSite(settings: ProxySettings, { store, resolver, ports }: SiteSources): OwnSite {
  const origin = originOf(ports.has("http") ? "http" : "https", nameForOthers(settings), ports);
  const { offer } = resolver;
  const pages = { ...store.caPages(`${origin}/ca`), ...offer?.pages(`${origin}/dns`) };
  const links = [
    ...dashboardLinks(settings, ports),
    ...PAGES.flatMap(([path, what]) => (path in pages ? [`${what}: ${origin}${path}`] : [])),
  ];
  const body = [...BODY, ...links, ""].join("\n");
  const site = { hosts: ownNames(settings), body, pages };
  return offer?.doh === undefined ? site : { ...site, doh: dohService(offer.doh) };
}

/**
 * Returns where DNS over HTTPS is reached; undefined without a port of HTTPS, or where services have its path at every name of the
 * machine.
 */
export function dohEntry(settings: ProxySettings, { offer }: OwnResolver, ports: Ports): DohEntry | undefined {
  const { listen, port } = { listen: settings.config.https, port: ports.get("https") };
  if (offer?.doh === undefined || !port || listen === "off") return undefined;
  const path = new TextEncoder().encode(offer.doh.path);
  const table = new RouteTable(
    settings.services.flatMap(({ http, hosts }) => (http === undefined ? [] : [{ hosts, paths: http.paths }])),
  );
  const isFree = (name: string) => {
    const found = table.ofHost(name)?.find(path, 0, path.length);
    return found === undefined || found === "no-route";
  };
  const name = certifiableNames(settings.domain, settings.config.names)
    .filter((each) => each !== "localhost" && isIP(each) === 0 && isFree(each))
    // A name below the domain is one that this name server knows.
    .sort((one, other) => Number(one.endsWith(".local")) - Number(other.endsWith(".local")))[0];
  if (name === undefined) return undefined;
  return { host: listen === "auto" || !("host" in listen) ? "0.0.0.0" : listen.host, port, name };
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
