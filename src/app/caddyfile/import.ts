import { stringify } from "yaml";
import { parseSiteAddress } from "./addresses.ts";
import { type CaddyfileSources, readCaddyfile, type SiteBlock } from "./directives.ts";
import { Report, type Route, type Scope } from "./scope.ts";
import { type ServiceSections, servicesFrom } from "./services.ts";
import { routesOf } from "./site.ts";
import type { Problem } from "./tokens.ts";

/** A Caddyfile as `services:`. */
export interface ImportedCaddyfile {
  readonly services: ServiceSections;
  /** `services:` as YAML. */
  readonly yaml: string;
  /** What could not be carried over, or not as it was: in the order of lines. */
  readonly problems: readonly Problem[];
}

/**
 * Turns the usual directives of a Caddyfile into `services:`. What it returns is a valid configuration, whatever the text is; where
 * it cannot keep the users of a service, it lets nobody in.
 *
 * @param file for the problems
 */
export function importCaddyfile(text: string, file: string, sources: CaddyfileSources): ImportedCaddyfile {
  const report = new Report();
  const sites = readCaddyfile(text, file, sources, (problem) => report.problems.push(problem));
  const isPlain = sites.some(({ addresses, directives }) => addresses.length === 0 && hasPlainHttp(directives));
  const routes = sites.flatMap((site) =>
    site.addresses.length === 0 ? global(site, report) : siteRoutes(site, isPlain, report),
  );
  const services = servicesFrom(routes, report);
  const problems = report.problems.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  return { services, yaml: stringify({ services }, { lineWidth: 0 }), problems };
}

function hasPlainHttp(directives: SiteBlock["directives"]): boolean {
  return directives.some(({ name, args }) => name === "auto_https" && /^(off|disable_redirects)$/.test(args[0] ?? ""));
}

const OPTIONS: Readonly<Record<string, string>> = {
  email: "write certificates: { email: … }",
  http_port: "write proxy: { http: … }",
  https_port: "write proxy: { https: … }",
  admin: "see dashboard.listen",
  debug: "see log.level",
};

function global({ directives }: SiteBlock, report: Report): Route[] {
  for (const from of directives) {
    if (from.name === "auto_https" && hasPlainHttp([from])) continue;
    const hint = Object.hasOwn(OPTIONS, from.name) ? `: ${OPTIONS[from.name]}` : "";
    report.add(from, `a global option is not carried over${hint}`);
  }
  return [];
}

function siteRoutes(site: SiteBlock, isPlain: boolean, report: Report): Route[] {
  const hosts: string[] = [];
  let servesPlain = isPlain;
  for (const text of site.addresses) {
    const at = { ...site, name: text };
    const address = parseSiteAddress(text);
    if (typeof address === "string") {
      report.add(at, `not carried over: ${address}`);
      continue;
    }
    const isUsual = address.port === undefined || address.port === 80 || address.port === 443;
    if (!isUsual) report.add(at, "the port is not carried over: all services are served on proxy.https and proxy.http");
    if (address.isPlain) servesPlain = true;
    hosts.push(address.host);
  }
  if (hosts.length === 0) return [];
  const scope: Scope = {
    hosts: [...new Set(hosts)],
    paths: ["/"],
    strip: false,
    root: undefined,
    fallback: undefined,
    noFiles: undefined,
    settings: servesPlain ? { plainHttp: "serve" } : {},
  };
  return routesOf(scope, site.directives, report);
}
