import { isH2c } from "../http/mod.ts";
import { isHttpApplication, isWatchedKind, type Service } from "../part/mod.ts";
import { HANDSHAKE_KINDS, HANDSHAKE_PORTS, type HandshakeKind } from "../wire/mod.ts";
import { checkHandshake, checkHttp, checkTcp } from "./checks/mod.ts";
import type { ProbeSettings } from "./config.ts";
import type { Credentials } from "./credentials.ts";
import { httpCheckOf } from "./http-probe.ts";
import { type Check, watchedCheck } from "./watched-checks.ts";

/** Kinds whose name is not that of their protocol. */
const PROTOCOLS: Readonly<Record<string, HandshakeKind>> = { mariadb: "mysql" };

export interface CheckOptions {
  readonly settings: ProbeSettings;
  readonly credentials: Credentials;
  /** The folder that relative paths of certificates are relative to. */
  readonly folder: string;
}

/**
 * Returns how a service is asked.
 *
 * @returns undefined for one that cannot be: tenk itself answers, or its port is not known
 */
export function checkOf(service: Service, { settings, credentials, folder }: CheckOptions): Check | undefined {
  const { target, kind } = service;
  if (isWatchedKind(kind)) return watchedCheck(service, settings, folder);
  const { timeout: timeoutMs, slow: slowMs } = settings;
  if (target === undefined || target === "dashboard") return undefined;
  if (/^(https?:|unix:)/i.test(target) && (kind === "http" || isHttpApplication(kind))) {
    const check = httpCheckOf({ ...service, target }, settings, { credentials, folder });
    return (signal) => checkHttp({ ...check, signal });
  }
  const { hostname, port } = new URL(isH2c(target) ? target.replace(/^h2c/i, "http") : target);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const protocol = PROTOCOLS[kind] ?? HANDSHAKE_KINDS.find((each) => each === kind);
  const number = Number(port) || (isH2c(target) ? 80 : protocol && HANDSHAKE_PORTS[protocol]);
  if (host === "" || !number) return undefined;
  if (protocol === undefined) return (signal) => checkTcp({ host, port: number, timeoutMs, signal });
  return (signal) => checkHandshake({ kind: protocol, host, port: number, timeoutMs, slowMs, signal, ...credentials });
}
