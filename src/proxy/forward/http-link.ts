import { Http2Target, HttpTarget, type HttpTargetOptions, isH2c, withoutH2c } from "../../http/mod.ts";
import type { HttpForward } from "../../part/mod.ts";
import type { Target, TargetLink } from "../../targets/mod.ts";

/** Which requests go to a target over HTTP/2. WebSockets never do. */
export type Http2Use = "never" | "grpc" | "always";

/** A target with TLS that did not agree on HTTP/2 is asked again after so long. */
const ASK_AGAIN_MS = 60_000;

export type HttpLinkOptions = Pick<
  HttpTargetOptions,
  "url" | "connectMs" | "responseHeadMs" | "responseBodyMs" | "tls"
>;

/** @param url of a target */
export function http2Use(url: string, protocol: HttpForward["protocol"]): Http2Use {
  if (protocol === "http2" || isH2c(url)) return "always";
  return protocol === "auto" && /^https:/i.test(url) ? "grpc" : "never";
}

/** The kept connections of a route to one target, on one event loop. */
export class HttpLink implements TargetLink {
  /** Undefined for a target that is known to speak HTTP/2 alone. */
  readonly http1: HttpTarget | undefined;
  /** Opens its first connection when there is a request for it. */
  readonly http2: Http2Target | undefined;
  /** `Host` for a target that has a name of its own: one that is reached over TLS. */
  readonly ownAuthority: Uint8Array | undefined;
  /** Content only; added to by `Forward`. */
  bytesWritten = 0;
  bytesRead = 0;
  readonly #use: Http2Use;
  /** Until then gRPC goes over HTTP/1.1, as all did before HTTP/2. */
  #http1UntilMs = 0;

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: HttpLinkOptions, protocol: HttpForward["protocol"]) {
    const url = withoutH2c(options.url);
    this.#use = http2Use(options.url, protocol);
    const isTls = /^https:/i.test(url);
    // Over TLS the target says what it speaks; without, HTTP/1.1 would be nonsense to it.
    this.http1 = this.#use === "always" && !isTls ? undefined : new HttpTarget({ ...options, url });
    this.http2 = this.#use === "never" ? undefined : new Http2Target({ ...options, url });
    const { isSecure, authority } = (this.http1 ?? this.http2!).address;
    this.ownAuthority = isSecure ? new TextEncoder().encode(authority) : undefined;
  }

  /** @returns the connections that a request goes over; undefined where the target cannot have it */
  connectionsFor(isGrpc: boolean, isWebSocket: boolean, nowMs: number): HttpTarget | Http2Target | undefined {
    if (this.#use === "never" || isWebSocket) return this.http1;
    if (this.#use === "always") return this.http2;
    return isGrpc && nowMs >= this.#http1UntilMs ? this.http2 : this.http1;
  }

  /** The target does not agree on HTTP/2. @returns whether HTTP/1.1 will do */
  fallsBack(nowMs: number): boolean {
    if (this.#use !== "grpc") return false;
    this.#http1UntilMs = nowMs + ASK_AGAIN_MS;
    return true;
  }

  readCounts(): { readonly bytesWritten: number; readonly bytesRead: number } {
    return { bytesWritten: this.bytesWritten, bytesRead: this.bytesRead };
  }

  close(): void {
    // What is open goes on as long as it needs: a reload must not end a download or a WebSocket.
    void this.http1?.stop({ graceMs: Number.POSITIVE_INFINITY });
    void this.http2?.stop({ graceMs: Number.POSITIVE_INFINITY });
  }
}

export type HttpServiceTarget = Target<HttpLink>;
