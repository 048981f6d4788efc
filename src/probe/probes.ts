import { withoutUndefined } from "../base/mod.ts";
import { isH2c } from "../http/mod.ts";
import { pemOption } from "../listener/mod.ts";
import type { ClientTlsOptions } from "../net/mod.ts";
import type { HttpTargetTls, Service } from "../part/mod.ts";
import { checkHttp, checkTcp } from "./checks/mod.ts";
import type { ProbeConfig } from "./config.ts";
import type { Outcome } from "./health/mod.ts";

export type Check = (signal: AbortSignal) => Promise<Outcome>;

/** Ports of kinds whose targets usually name none. */
const USUAL_PORTS: Readonly<Record<string, number>> = {
  ...{ redis: 6379, postgres: 5432, mysql: 3306, mariadb: 3306, mongodb: 27_017, mqtt: 1883, nats: 4222, amqp: 5672 },
  ...{ memcached: 11_211, ssh: 22, smtp: 25, imap: 143, ftp: 21, ldap: 389, smb: 445, nut: 3493 },
};

/**
 * Returns how a service is asked.
 *
 * @param folder that relative paths of certificates are relative to
 * @returns undefined for one that cannot be: tenk itself answers, or its port is not known
 */
export function checkOf(service: Service, config: ProbeConfig, folder: string): Check | undefined {
  const { target, kind } = service;
  const { timeout: timeoutMs, slow: slowMs, certificateDays } = config;
  if (target === undefined || target === "dashboard") return undefined;
  if (kind === "http" && !isH2c(target)) {
    const tls = tlsOf(service, folder);
    return (signal) => checkHttp({ url: target, timeoutMs, slowMs, certificateDays, signal, ...(tls && { tls }) });
  }
  const { hostname, port } = new URL(target);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const number = Number(port) || USUAL_PORTS[kind];
  return host === "" || number === undefined
    ? undefined
    : (signal) => checkTcp({ host, port: number, timeoutMs, signal });
}

function tlsOf({ http }: Service, folder: string): ClientTlsOptions | undefined {
  const { answer } = http ?? {};
  const given: HttpTargetTls | undefined = answer?.type === "forward" ? answer.forward.tls : undefined;
  if (given === undefined) return undefined;
  const pem = (text: string | undefined) => text && pemOption(text, folder);
  const { verify, serverName, ca, cert, key } = given;
  return withoutUndefined({ verify, serverName, ca: pem(ca), cert: pem(cert), key: pem(key) });
}
