import { isHttpApplication, isWatchedKind, type Service } from "../part/mod.ts";
import { checkHandshake, checkHttp, checkSql, checkTcp, recognizingCheck } from "./checks/mod.ts";
import type { ProbeSettings } from "./config.ts";
import type { Credentials } from "./credentials.ts";
import { handshakeCheckOf, protocolOf, recognizingCheckOf, socketTarget } from "./handshake-probe.ts";
import { httpCheckOf } from "./http-probe.ts";
import { type Check, watchedCheck } from "./watched-checks.ts";

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
  if (target === undefined || target === "dashboard") return undefined;
  if (/^(https?:|unix:)/i.test(target) && (kind === "http" || isHttpApplication(kind))) {
    const check = httpCheckOf({ ...service, target }, settings, { credentials, folder });
    return (signal) => checkHttp({ ...check, signal });
  }
  const protocol = protocolOf(kind);
  const at = socketTarget(target, protocol);
  if (at === undefined) return undefined;
  if (protocol === undefined && kind === "tcp" && settings.recognize !== false)
    return recognizingCheck(recognizingCheckOf(at, settings));
  if (protocol === undefined) return (signal) => checkTcp({ ...at, timeoutMs: settings.timeout, signal });
  const check = handshakeCheckOf({ ...service, target }, protocol, at, { settings, credentials, folder });
  const { query, expect } = settings;
  if (query === undefined || (protocol !== "postgres" && protocol !== "mysql"))
    return (signal) => checkHandshake({ ...check, signal });
  const sql = { ...check, kind: protocol, query, ...(expect !== undefined && { expect }) };
  return (signal) => checkSql({ ...sql, signal });
}
