import { isIP } from "node:net";
import { parseName, parseType, RecordType } from "../wire/dns/mod.ts";

/** Kinds that are only watched: nothing of them is served by HTTPS, and they get no DNS names. */
export const WATCHED_KINDS = ["container", "dns", "file", "icmp", "push", "systemd", "tls"] as const;
export type WatchedKind = (typeof WATCHED_KINDS)[number];

export function isWatchedKind(kind: string): kind is WatchedKind {
  return (WATCHED_KINDS as readonly string[]).includes(kind);
}

/** What is watched, by kind. */
export interface WatchedTargets {
  /** Its name or ID. */
  readonly container: string;
  readonly dns: DnsQuestion;
  /** An absolute path. */
  readonly file: string;
  /** A name or an address. */
  readonly icmp: string;
  /** Its job calls tenk by itself. */
  readonly push: "";
  /** Name of a unit with its type: `backup.service`. */
  readonly systemd: string;
  readonly tls: HostAndPort;
}

export interface HostAndPort {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface DnsQuestion extends HostAndPort {
  /** As text: `home.arpa`. */
  readonly name: string;
  readonly type: number;
}

/** What is expected of a target of each kind. */
export const WATCHED_EXAMPLES: Readonly<Record<WatchedKind, string>> = {
  container: "such as docker:postgres",
  dns: "such as dns://192.168.1.1/home.arpa?type=A",
  file: "such as file:/var/backups/db.sql.gz",
  icmp: "such as ping:nas.home.arpa",
  push: "none: the job calls tenk",
  systemd: "such as systemd:backup.service",
  tls: "such as tls://mail.home.arpa:993",
};

const READERS: { readonly [Kind in WatchedKind]: (target: string) => WatchedTargets[Kind] | undefined } = {
  container: (target) => /^docker:(?:\/\/)?([A-Za-z0-9][\w.-]{0,254})$/.exec(target)?.[1],
  dns: dnsQuestionOf,
  file: (target) => /^file:(?:\/\/)?(\/\P{Cc}{1,4095})$/u.exec(target)?.[1],
  icmp: pingHostOf,
  push: (target) => (target === "" ? "" : undefined),
  systemd: unitOf,
  tls: (target) => hostAndPortOf(target, 443),
};

/**
 * Reads what a service of one of these kinds watches.
 *
 * @returns undefined where the target is not of this kind
 * @example
 * watchedTarget("systemd", "systemd:nginx"); // "nginx.service"
 */
export function watchedTarget<Kind extends WatchedKind>(
  kind: Kind,
  target: string | undefined,
): WatchedTargets[Kind] | undefined {
  return READERS[kind](target ?? "");
}

/** Returns whether a target is one without `//`, such as `ping:nas` and `file:/var/backups/db`. */
export function isOpaqueTarget(target: string): boolean {
  return /^(ping|icmp|systemd|file|docker):/i.test(target);
}

const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?$/;

function pingHostOf(target: string): string | undefined {
  const host = /^(?:ping|icmp):(?:\/\/)?(.+?)\/?$/i.exec(target)?.[1]?.replace(/^\[(.*)\]$/, "$1");
  return host !== undefined && (isIP(host.replace(/%[\w.-]{1,15}$/, "")) !== 0 || HOST_NAME.test(host))
    ? host
    : undefined;
}

/** The characters of systemd.unit(5); without a type it is a service, as for systemctl. */
function unitOf(target: string): string | undefined {
  const unit = /^systemd:(?:\/\/)?([A-Za-z0-9:_.\\@-]{1,240})$/i.exec(target)?.[1];
  if (unit === undefined) return undefined;
  return /\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/.test(unit)
    ? unit
    : `${unit}.service`;
}

function hostAndPortOf(target: string, defaultPort: number): HostAndPort | undefined {
  if (!URL.canParse(target)) return undefined;
  const { hostname, port } = new URL(target);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return host === "" ? undefined : { host, port: Number(port) || defaultPort };
}

/** Without a name the servers of the root are asked for, which every resolver knows. */
function dnsQuestionOf(target: string): DnsQuestion | undefined {
  const server = hostAndPortOf(target, 53);
  if (server === undefined) return undefined;
  const { pathname, searchParams, hash } = new URL(target);
  const others = [...searchParams.keys()].filter((key) => key !== "type");
  const name = pathname.replace(/^\/+/, "") || ".";
  const type = searchParams.has("type")
    ? parseType(searchParams.get("type")!)
    : name === "."
      ? RecordType.ns
      : RecordType.a;
  if (others.length > 0 || hash !== "" || type === undefined || parseName(name) === undefined) return undefined;
  return { ...server, name, type };
}
