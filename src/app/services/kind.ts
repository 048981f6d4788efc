import { isHttpApplication } from "../../part/mod.ts";

/** Schemes whose kind has another name. */
const KINDS: Readonly<Record<string, string>> = {
  https: "http",
  h2c: "http",
  rediss: "redis",
  postgresql: "postgres",
  "mongodb+srv": "mongodb",
  mqtts: "mqtt",
  amqps: "amqp",
  ldaps: "ldap",
  smtps: "smtp",
  imaps: "imap",
  ftps: "ftp",
  docker: "container",
  ping: "icmp",
};

/** The target that is this instance's own dashboard. */
export const DASHBOARD = "dashboard";

/** What decides on a service's kind. */
export interface KindOf {
  readonly kind?: string | undefined;
  readonly target?: string | undefined;
}

/** Returns the protocol of a service: `kind`, else what the scheme of its target says. HTTP where tenk itself answers. */
export function kindOf({ kind, target }: KindOf): string {
  if (kind !== undefined) return kind;
  if (target === undefined || target === DASHBOARD || target.startsWith("unix:")) return "http";
  const scheme = target.slice(0, target.indexOf(":")).toLowerCase();
  return KINDS[scheme] ?? scheme;
}

/** Returns whether a service is served by HTTPS. */
export function isProxied(service: KindOf & { readonly proxy?: boolean | undefined }): boolean {
  return service.proxy !== false && isHttpKind(kindOf(service));
}

/** Returns whether a service of this kind speaks HTTP. */
export function isHttpKind(kind: string): boolean {
  return kind === "http" || isHttpApplication(kind);
}
