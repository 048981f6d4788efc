import { randomBytes } from "node:crypto";
import { withoutUndefined } from "../base/mod.ts";
import type { ClientTlsOptions } from "../net/mod.ts";
import { isLoopback, type Service } from "../part/mod.ts";
import { HANDSHAKE_KINDS, HANDSHAKE_PORTS, type HandshakeKind, TLS_SCHEMES } from "../wire/mod.ts";
import type { HandshakeCheck, RecognizingCheck } from "./checks/mod.ts";
import type { ProbeSettings } from "./config.ts";
import type { Credentials } from "./credentials.ts";
import { tlsOf } from "./tls-options.ts";

/** Kinds whose name is not that of their protocol. */
const PROTOCOLS: Readonly<Record<string, HandshakeKind>> = { mariadb: "mysql" };
const SCHEME_PORTS: Readonly<Record<string, number>> = { ...TLS_SCHEMES, http: 80, h2c: 80, https: 443 };
/** Words of libpq's `sslmode` and of MongoDB's `tls` that ask for TLS. The certificate is verified with each of them. */
const WANTS_TLS = /^(require|verify-ca|verify-full|true)$/i;

/** Where a service that is not asked by HTTP listens. */
export interface SocketTarget {
  readonly host: string;
  readonly port: number;
}

/** Returns the protocol that a service of this kind is asked in; undefined where none is known. */
export function protocolOf(kind: string): HandshakeKind | undefined {
  return PROTOCOLS[kind] ?? HANDSHAKE_KINDS.find((each) => each === kind);
}

/** @returns undefined where the port is not known */
export function socketTarget(target: string, protocol: HandshakeKind | undefined): SocketTarget | undefined {
  const { hostname, port, protocol: scheme } = new URL(target);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const usual = SCHEME_PORTS[scheme.slice(0, -1).toLowerCase()] ?? (protocol && HANDSHAKE_PORTS[protocol]);
  const number = Number(port) || usual;
  return host === "" || !number ? undefined : { host, port: number };
}

/** Returns how a service is asked in its own protocol. */
export function handshakeCheckOf(
  { target, ...service }: Service & { readonly target: string },
  kind: HandshakeKind,
  at: SocketTarget,
  { settings, credentials, folder }: { settings: ProbeSettings; credentials: Credentials; folder: string },
): HandshakeCheck {
  const { timeout, slow, certificateDays, database } = settings;
  const { pathname, searchParams } = new URL(target);
  const inPath = decoded(pathname.slice(1));
  return {
    kind,
    ...at,
    timeoutMs: timeout,
    slowMs: slow,
    certificateDays,
    isTrustedPath: isLoopback(at.host),
    // A broker ends the connection of another client with the same name, such as a second box's probe.
    clientName: `tenk-${randomBytes(4).toString("hex")}`,
    ...credentials,
    ...withoutUndefined({
      tls: tlsOfHandshake({ target, ...service }, searchParams, folder),
      database: database ?? searchParams.get("authSource") ?? (inPath || undefined),
      ups: kind === "nut" && inPath !== "" ? inPath : undefined,
    }),
  };
}

/** Returns "" for a text that is encoded wrongly. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function tlsOfHandshake(service: Service & { target: string }, words: URLSearchParams, folder: string) {
  const given = tlsOf(service, folder);
  if (given !== undefined) return given;
  const scheme = service.target.slice(0, service.target.indexOf(":")).toLowerCase();
  const asked = words.get("sslmode") ?? words.get("tls") ?? words.get("ssl") ?? "";
  const plain: ClientTlsOptions = {};
  return Object.hasOwn(TLS_SCHEMES, scheme) || WANTS_TLS.test(asked) ? plain : undefined;
}

/** Kinds that wait for a question, and log none that they understand. */
const QUIET: readonly HandshakeKind[] = ["redis", "postgres", "mongodb", "memcached", "ldap", "smb", "nut"];

/** Returns how a service without a declared kind is asked: no password goes to whatever it turns out to be. */
export function recognizingCheckOf(at: SocketTarget, settings: ProbeSettings): RecognizingCheck {
  const { timeout, slow, certificateDays } = settings;
  const guess = QUIET.find((kind) => HANDSHAKE_PORTS[kind] === at.port);
  return { ...at, timeoutMs: timeout, slowMs: slow, certificateDays, ...(guess && { guess }) };
}
