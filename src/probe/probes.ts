import { withoutUndefined } from "../base/mod.ts";
import { isH2c } from "../http/mod.ts";
import { pemOption } from "../listener/mod.ts";
import type { ClientTlsOptions } from "../net/mod.ts";
import type { HttpTargetTls, Service } from "../part/mod.ts";
import { HANDSHAKE_KINDS, HANDSHAKE_PORTS, type HandshakeKind } from "../wire/mod.ts";
import { checkHandshake, checkHttp, checkTcp } from "./checks/mod.ts";
import type { ProbeSettings } from "./config.ts";
import type { Outcome } from "./health/mod.ts";

export type Check = (signal: AbortSignal) => Promise<Outcome>;

/** Kinds whose name is not that of their protocol. */
const PROTOCOLS: Readonly<Record<string, HandshakeKind>> = { mariadb: "mysql" };

/**
 * Returns how a service is asked.
 *
 * @param folder that relative paths of certificates are relative to
 * @returns undefined for one that cannot be: tenk itself answers, or its port is not known
 */
export function checkOf(service: Service, settings: ProbeSettings, folder: string): Check | undefined {
  const { target, kind } = service;
  const { timeout: timeoutMs, slow: slowMs, certificateDays } = settings;
  if (target === undefined || target === "dashboard") return undefined;
  if (kind === "http" && !isH2c(target)) {
    const tls = tlsOf(service, folder);
    return (signal) => checkHttp({ url: target, timeoutMs, slowMs, certificateDays, signal, ...(tls && { tls }) });
  }
  const { hostname, port } = new URL(target);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const protocol = PROTOCOLS[kind] ?? HANDSHAKE_KINDS.find((each) => each === kind);
  const number = Number(port) || (protocol && HANDSHAKE_PORTS[protocol]);
  if (host === "" || !number) return undefined;
  if (protocol === undefined) return (signal) => checkTcp({ host, port: number, timeoutMs, signal });
  return (signal) => checkHandshake({ kind: protocol, host, port: number, timeoutMs, slowMs, signal });
}

function tlsOf({ http }: Service, folder: string): ClientTlsOptions | undefined {
  const { answer } = http ?? {};
  const given: HttpTargetTls | undefined = answer?.type === "forward" ? answer.forward.tls : undefined;
  if (given === undefined) return undefined;
  const pem = (text: string | undefined) => text && pemOption(text, folder);
  const { verify, serverName, ca, cert, key } = given;
  return withoutUndefined({ verify, serverName, ca: pem(ca), cert: pem(cert), key: pem(key) });
}
