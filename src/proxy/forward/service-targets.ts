import { logOf } from "../../base/mod.ts";
import { parseHttpAddress, withoutH2c } from "../../http/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import type { HttpForward } from "../../part/mod.ts";
import {
  healthSettings,
  type TargetAddress,
  TargetList,
  type TargetListSettings,
  targetSettings,
} from "../../targets/mod.ts";
import { checkHealth, checkHealthByHttp2 } from "./health-check.ts";
import { HttpLink, type HttpLinkOptions } from "./http-link.ts";

const log = logOf("proxy");

/** The targets of one service on one event loop. They outlive reloads, with their connections, health and counts. */
export class ServiceTargets {
  readonly list: TargetList<HttpLink>;
  #forward: HttpForward;

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(service: string, forward: HttpForward) {
    this.#forward = forward;
    this.list = new TargetList<HttpLink>(listSettings(service, forward), {
      log,
      makeLink: ({ address }) => linkTo(address, this.#forward),
      check: ({ address, link }, signal, timeoutMs) => {
        const { health, protocol } = this.#forward;
        if (link.http2 !== undefined && (link.http1 === undefined || protocol === "http2"))
          return checkHealthByHttp2(link.http2, health, { signal, timeoutMs });
        const { tls } = linkOptions(address, this.#forward);
        return checkHealth(address, health, { ...(tls && { tls }), signal, timeoutMs });
      },
    });
  }

  /**
   * Checks other settings.
   *
   * @returns what puts them in force
   * @throws {TenkError} `invalid-option`, `file-unreadable`
   */
  prepare(service: string, forward: HttpForward): () => void {
    const settings = listSettings(service, forward);
    for (const { url } of forward.targets) linkTo(url, forward).close();
    return () => {
      this.#forward = forward;
      this.list.configure(settings);
    };
  }

  stop(): void {
    this.list.stop();
  }
}

function listSettings(name: string, forward: HttpForward): TargetListSettings {
  const { targets, balance, sticky, health, limits, timeouts, tls, protocol } = forward;
  const given = targets.map(({ url, weight, draining }) => ({ address: url, weight, draining }));
  const { path, status: _, ...passive } = health;
  return {
    name,
    targets: targetSettings(given, "forward", placeOf),
    balance,
    health: healthSettings({ ...passive, checkMs: path === undefined ? 0 : health.checkMs }),
    maxActive: limits.perTarget,
    queue: { maxWaiting: limits.waiting, waitMs: limits.waitMs },
    stickySecret: sticky?.secret,
    linkKey: JSON.stringify([timeouts, tls, protocol]),
  };
}

function linkTo(url: string, forward: HttpForward): HttpLink {
  return new HttpLink(linkOptions(url, forward), forward.protocol);
}

function linkOptions(url: string, { timeouts, tls }: HttpForward): HttpLinkOptions {
  const { connectMs, responseMs, stallMs } = timeouts;
  const { isSecure } = parseHttpAddress(withoutH2c(url));
  const times = { connectMs, responseHeadMs: responseMs, responseBodyMs: stallMs };
  return { url, ...times, ...(tls && isSecure && { tls: withoutUndefined(tls) }) };
}

function placeOf(url: string): TargetAddress {
  const { host, port, path } = parseHttpAddress(withoutH2c(url));
  return path === undefined ? { host, port } : { path };
}

function withoutUndefined(tls: NonNullable<HttpForward["tls"]>): ClientTlsOptions {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}
