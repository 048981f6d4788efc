import { withoutUndefined } from "../base/mod.ts";
import { pemOption } from "../listener/mod.ts";
import type { ClientTlsOptions } from "../net/mod.ts";
import { type Service, type WatchedKind, watchedTarget } from "../part/mod.ts";
import { canonical, checkContainer, checkDns, checkFile, checkPing, checkSystemd, checkTls } from "./checks/mod.ts";
import type { ProbeSettings } from "./config.ts";
import type { Outcome } from "./health/mod.ts";

export type Check = (signal: AbortSignal) => Promise<Outcome>;

interface Watched {
  readonly target: string;
  readonly settings: ProbeSettings;
  /** That relative paths of certificates are relative to. */
  readonly folder: string;
}

/** How each kind is looked at; a kind that is not here has a module of its own. */
const CHECKS: { readonly [Kind in WatchedKind]?: (watched: Watched) => Check } = {
  container({ target, settings: { timeout: timeoutMs } }) {
    const container = watchedTarget("container", target)!;
    return (signal) => checkContainer({ container, timeoutMs, signal });
  },
  dns({ target, settings: { timeout: timeoutMs, slow: slowMs, answer } }) {
    const question = watchedTarget("dns", target)!;
    for (const each of answer ?? []) canonical(each, question.type);
    return (signal) => checkDns({ ...question, answer, timeoutMs, slowMs, signal });
  },
  file({ target, settings: { maxAge: maxAgeMs, minSize: minBytes } }) {
    const path = watchedTarget("file", target)!;
    return () => checkFile({ path, maxAgeMs, minBytes });
  },
  icmp({ target, settings: { timeout: timeoutMs, slow: slowMs } }) {
    const host = watchedTarget("icmp", target)!;
    return (signal) => checkPing({ host, timeoutMs, slowMs, signal });
  },
  systemd({ target, settings: { timeout: timeoutMs, maxAge: maxAgeMs } }) {
    const unit = watchedTarget("systemd", target)!;
    return () => checkSystemd({ unit, maxAgeMs, timeoutMs });
  },
  tls({ target, settings, folder }) {
    const { timeout: timeoutMs, slow: slowMs, certificateDays } = settings;
    const at = watchedTarget("tls", target)!;
    const tls = tlsOf(settings, folder);
    return (signal) => checkTls({ ...at, timeoutMs, slowMs, certificateDays, tls, signal });
  },
};

/**
 * Returns how a service of a kind that is only watched is looked at.
 *
 * @throws {TenkError} `invalid-option`, `file-unreadable`
 * @returns undefined for a kind that calls by itself
 */
export function watchedCheck({ kind, target }: Service, settings: ProbeSettings, folder: string): Check | undefined {
  return CHECKS[kind as WatchedKind]?.({ target: target ?? "", settings, folder });
}

function tlsOf({ tls }: ProbeSettings, folder: string): ClientTlsOptions {
  if (tls === undefined) return {};
  const pem = (text: string | undefined) => text && pemOption(text, folder);
  return withoutUndefined({ ...tls, ca: pem(tls.ca), cert: pem(tls.cert), key: pem(tls.key) });
}
