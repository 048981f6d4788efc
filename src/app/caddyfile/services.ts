import { SERVICES_SCHEMA } from "../services/mod.ts";
import { headerSection } from "./headers.ts";
import type { Report, Route } from "./scope.ts";

/** Sections of `services:` by name. */
export type ServiceSections = Record<string, Readonly<Record<string, unknown>>>;

/**
 * Names routes and writes them as services. A route that `services:` would refuse is left out and reported, as is one whose host and
 * path another has already: in Caddy the first of them answers.
 */
export function servicesFrom(routes: readonly Route[], report: Report): ServiceSections {
  const services: ServiceSections = {};
  const owners = new Map<string, Route>();
  for (const route of routes) {
    const { hosts, paths } = route.scope;
    const keys = hosts.flatMap((host) => paths.map((path) => `${host}${path}`));
    const owner = keys.map((key) => owners.get(key)).find((each) => each !== undefined);
    if (owner !== undefined) {
      report.add(route.from, `not carried over: line ${owner.from.line} answers the same host and path`);
      continue;
    }
    const section = sectionOf(route);
    const name = freeName(nameOf(route), services);
    const { success, error } = SERVICES_SCHEMA.safeParse({ [name]: section });
    if (!success) {
      const [issue] = error.issues;
      report.add(route.from, `not carried over: ${issue?.path.slice(1).join(".")}: ${issue?.message}`);
      continue;
    }
    services[name] = section;
    for (const key of keys) owners.set(key, route);
  }
  return services;
}

function sectionOf({ scope, answer }: Route): Readonly<Record<string, unknown>> {
  const { hosts, paths, strip, settings } = scope;
  const { compress, maxBody, auth, allow, plainHttp } = settings;
  const request = headerSection(settings.request);
  const response = headerSection(settings.response);
  const isEverywhere = paths.length === 1 && paths[0] === "/";
  return {
    ...answer,
    hosts: [...new Set(hosts)],
    ...(!isEverywhere && { path: paths.length === 1 ? paths[0] : paths }),
    ...(strip && { strip }),
    ...(plainHttp && { plainHttp }),
    ...(compress && { compress }),
    ...(maxBody && { maxBody }),
    ...((request || response) && { headers: { ...(request && { request }), ...(response && { response }) } }),
    ...(auth && { auth }),
    ...(allow && { allow }),
  };
}

/** The longest label of a name is 63 characters; a number may follow. */
const MAX_NAME = 56;

/** `git.home.arpa` is `git`, its `/api` is `git-api`. */
function nameOf({ scope: { hosts, paths } }: Route): string {
  const host = hosts[0] ?? "*";
  const label = host === "*" ? "all" : (host.replace(/^\*\./, "").split(".")[0] ?? "");
  const name = `${label}${paths[0] ?? ""}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_NAME)
    .replace(/^-+|-+$/g, "");
  return /^[a-z]/.test(name) ? name : `site${name === "" ? "" : `-${name}`}`;
}

function freeName(name: string, services: ServiceSections): string {
  for (let number = 1; ; number++) {
    const tried = number === 1 ? name : `${name}-${number}`;
    if (!Object.hasOwn(services, tried)) return tried;
  }
}
