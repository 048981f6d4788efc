import type { HttpServerOptions } from "../../http/mod.ts";
import type { Service, SitePage } from "../../part/mod.ts";
import type { AccessLogOptions } from "../access-log/mod.ts";

/** What an event loop of the proxy's listeners works by. Plain data: it is cloned to threads, at a start and at each reload. */
export interface ProxyOptions {
  /** Services that have an `http` section. */
  readonly services: readonly Service[];
  /** The site of this machine itself. */
  readonly own: OwnSite;
  /** On the plain listener: the port that redirects lead to. Undefined serves everything in the clear. */
  readonly redirectToPort?: number;
  /** Hosts of services that tell browsers to use HTTPS alone; none on the plain listener. */
  readonly hstsHosts: readonly string[];
  /** Peers whose `X-Forwarded-*` are believed: addresses and ranges. */
  readonly trustedProxies: readonly string[];
  /** `/.well-known/acme-challenge/TOKEN` by token; answered before any route. */
  readonly challenges: Readonly<Record<string, string>>;
  /** Where each service counts (`counts.ts`). */
  readonly slots: Readonly<Record<string, number>>;
  /** Undefined without an access log. */
  readonly accessLog?: AccessLogOptions;
  readonly server: Omit<HttpServerOptions, "http2">;
}

export interface OwnSite {
  /** Names of this machine; requests for one of its addresses belong to it as well. */
  readonly hosts: readonly string[];
  /** The answer to everything but `pages`: a template. */
  readonly body: string;
  /** By path. They have no secret: on the plain listener they come before a redirect to HTTPS, which needs their help first. */
  readonly pages: Readonly<Record<string, SitePage>>;
  /** Leads to the name server of this instance; undefined while there is none. */
  readonly doh?: Service;
}
