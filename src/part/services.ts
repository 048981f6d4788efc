import type { ServiceProbe } from "./service-probe.ts";

/** A service of this machine or network, declared once under `services:`. Plain data, so that it can be sent to workers. */
export interface Service {
  readonly name: string;
  /**
   * The first target as it was written, which may have a password: `http://127.0.0.1:3000`, `redis://:secret@127.0.0.1`, `dashboard`.
   * Undefined where tenk itself answers.
   */
  readonly target: string | undefined;
  /** Its protocol, from `kind`, else from the scheme of its target. */
  readonly kind: string;
  /** Host names under which it is to be reached: lower case, `*.name` for one label of any name, `*` for every name. */
  readonly hosts: readonly string[];
  /** Whether it gets DNS names. */
  readonly dns: boolean;
  /** How it is probed; undefined where it is not. */
  readonly probe: ServiceProbe | undefined;
  /** The service that it stands on: while that is down, nothing is known of this one. @default {none} */
  readonly after?: string;
  /** The heading under which the page shows it. @default {none} */
  readonly group?: string;
  /** The container whose labels declare it. @default {the configuration declares it} */
  readonly container?: string;
  /** How it is served by HTTPS; undefined where it is not. */
  readonly http: HttpService | undefined;
}

/** A service as status and `tenk check` show it: nothing secret. */
export interface PublicService {
  readonly name: string;
  readonly target: string | null;
  readonly kind: string;
  readonly hosts: readonly string[];
  /** The container whose labels declare it. */
  readonly container?: string;
}

export function publicService({ name, target, kind, hosts, container }: Service): PublicService {
  const shown = target === undefined ? null : withoutPassword(target);
  return { name, target: shown, kind, hosts, ...(container !== undefined && { container }) };
}

/**
 * Replaces user and password of URLs in a text.
 *
 * @example
 * withoutPassword("redis://:secret@10.0.0.7"); // "redis://***@10.0.0.7"
 */
export function withoutPassword(text: string): string {
  return text.replace(/:\/\/[^/?#\s"]*@/g, "://***@");
}

/** How a service is served by HTTPS. Paths of files are relative to the configuration's folder; times are milliseconds. */
export interface HttpService {
  /**
   * `/api` stands for itself and all that is below `/api/`; `/` for everything. Compared byte by byte with the request's path; of
   * several services on one host the longest path wins.
   */
  readonly paths: readonly string[];
  /** Remove the path that matched before the request is forwarded. */
  readonly strip: boolean;
  /** What a request without TLS gets: a redirect to HTTPS, or the service itself. */
  readonly plainHttp: "redirect" | "serve";
  readonly answer: HttpAnswer;
  /** Bytes of a request's body; 0 = no limit. */
  readonly maxBodyBytes: number;
  readonly headers: { readonly request: HeaderEdits; readonly response: HeaderEdits };
  readonly auth: HttpAuth | undefined;
  /** Addresses and ranges that may use it; undefined = everybody. */
  readonly allow: readonly string[] | undefined;
  /** Requests from one address; 0 = no limit. */
  readonly rate: { readonly perSecond: number; readonly burst: number };
  readonly compress: boolean;
  readonly hsts: HstsPolicy | undefined;
}

/** Who answers: a target, or tenk. `to` and `body` may have placeholders such as `{http.request.uri}`. */
export type HttpAnswer =
  | { readonly type: "forward"; readonly forward: HttpForward }
  /** The dashboard of this instance, wherever it listens. */
  | { readonly type: "dashboard"; readonly forward: Omit<HttpForward, "targets"> }
  | { readonly type: "respond"; readonly status: number; readonly body: string; readonly contentType: string }
  | { readonly type: "redirect"; readonly to: string; readonly status: number }
  | { readonly type: "files"; readonly files: HttpFiles };

export interface HttpForward {
  readonly targets: readonly ServiceTarget[];
  /** `auto`: HTTP/2 for gRPC where a target has TLS, and where its URL says `h2c:`; otherwise HTTP/1.1. */
  readonly protocol: "auto" | "http1" | "http2";
  readonly balance:
    | "round-robin"
    | "weighted"
    | "random-two-choices"
    | "least-connections"
    | "first"
    | "source-hash"
    | "uri-hash"
    | "header-hash";
  /** The header of `header-hash`. */
  readonly hashHeader: string | undefined;
  readonly sticky: { readonly cookie: string; readonly secret: string | undefined } | undefined;
  /** Targets that are tried for one request, where it may be repeated. */
  readonly attempts: number;
  readonly health: HttpHealth;
  readonly limits: HttpTargetLimits;
  readonly timeouts: HttpTimeouts;
  readonly tls: HttpTargetTls | undefined;
}

export interface ServiceTarget {
  /** `http://host:port`, `https://host`, `h2c://host:port` or `unix:/path`. */
  readonly url: string;
  readonly weight: number;
  readonly draining: boolean;
}

export interface HttpHealth {
  /** Asked by GET every `checkMs`; undefined = no checks. */
  readonly path: string | undefined;
  /** A status that a healthy target answers, or its class: `200`, `2xx`. */
  readonly status: readonly string[];
  readonly checkMs: number;
  readonly checkTimeoutMs: number;
  readonly failures: number;
  readonly withinMs: number;
  readonly backOffMs: number;
  readonly maxBackOffMs: number;
}

export interface HttpTargetLimits {
  /** Requests that one target answers at once; 0 = no limit. */
  readonly perTarget: number;
  /** Requests that may wait for a target with room. */
  readonly waiting: number;
  readonly waitMs: number;
}

export interface HttpTimeouts {
  /** Connect and TLS handshake. */
  readonly connectMs: number;
  /** From the end of a request to the head of its answer; 0 = no limit. */
  readonly responseMs: number;
  /** No byte of a body moved. */
  readonly stallMs: number;
}

export interface HttpTargetTls {
  readonly verify: boolean;
  readonly serverName: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** In this order: remove, set, add. Values may have placeholders. */
export interface HeaderEdits {
  readonly remove: readonly string[];
  readonly set: readonly HeaderField[];
  readonly add: readonly HeaderField[];
}

export type HeaderField = readonly [name: string, value: string];

export type HttpAuth =
  | { readonly type: "basic"; readonly realm: string; readonly users: Readonly<Record<string, string>> }
  | {
      readonly type: "forward";
      readonly url: string;
      readonly copyHeaders: readonly string[];
      readonly timeoutMs: number;
    };

export interface HttpFiles {
  readonly folder: string;
  /** Files that stand for their folder, the first that exists. */
  readonly index: readonly string[];
  /** The file for paths that do not exist, as applications on one page need it. */
  readonly fallback: string | undefined;
  /** Send `name.zst`, `name.br` or `name.gz` beside a file to who accepts it. */
  readonly precompressed: boolean;
  /** Files kept in memory, on each event loop; 0 = none. */
  readonly cacheBytes: number;
}

export interface HstsPolicy {
  readonly maxAgeMs: number;
  readonly subdomains: boolean;
  readonly preload: boolean;
}
