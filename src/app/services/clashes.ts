import type { Service } from "../../part/mod.ts";

/** A host and path that two services have. */
export interface RouteClash {
  readonly service: string;
  /** The one that is declared before it. */
  readonly other: string;
  /** Such as `git.home.arpa/api`. */
  readonly route: string;
}

/** Finds services that would answer the same requests. One that is not served by HTTPS may share a host with one that is, such as SSH. */
export function routeClashes(services: readonly Service[]): RouteClash[] {
  const owners = new Map<string, string>();
  const clashes: RouteClash[] = [];
  const claim = (service: string, key: string, route: string) => {
    const other = owners.get(key);
    if (other === undefined) owners.set(key, service);
    else if (other !== service) clashes.push({ service, other, route });
  };
  for (const { name, hosts, http } of services) {
    const paths = http?.paths ?? [""];
    for (const host of new Set(hosts))
      for (const path of paths) claim(name, `${host}${path}`, host + (path === "/" ? "" : path));
  }
  return clashes;
}
