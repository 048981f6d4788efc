import { machineNames } from "../../listener/mod.ts";
import type { Service, WebPorts } from "../../part/mod.ts";
import type { MdnsHost, MdnsService, Published } from "../mdns/mod.ts";
import { addressElsewhere } from "./settings.ts";

/**
 * Returns what multicast DNS publishes: this machine's name, names of services below `local`, and each service that is served by
 * HTTPS or HTTP, with its port.
 */
export function publishedOf(services: readonly Service[], ports: WebPorts): Published {
  const own = machineNames(undefined).filter(isLocal);
  const hosts = new Map<string, MdnsHost>(own.map((name) => [name, { name }]));
  for (const service of services)
    for (const name of service.hosts.filter(isLocal))
      if (!hosts.has(name)) hosts.set(name, { name, address: addressElsewhere(service) });
  return { hosts: [...hosts.values()], services: services.flatMap((service) => webServices(service, ports)) };
}

/** A wildcard is no name that could be claimed. */
function isLocal(name: string): boolean {
  return name.endsWith(".local") && !name.startsWith("*");
}

/** A name of the local domain is no use to who cannot look it up: a service without a name below `local` is not listed. */
function webServices({ name, hosts, http }: Service, { https, http: plain }: WebPorts): MdnsService[] {
  const host = hosts.find(isLocal);
  if (host === undefined || http === undefined) return [];
  const text = [`path=${http.paths[0] ?? "/"}`];
  const ofType = (type: string, port: number | undefined) =>
    port === undefined ? [] : [{ instance: name, type, host, port, text }];
  return [...ofType("_https._tcp", https), ...ofType("_http._tcp", plain)];
}
