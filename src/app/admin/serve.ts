import type { IncomingRequest } from "./auth-middleware.ts";
import { MAX_BODY_BYTES } from "./body.ts";
import { errorResponse, respond, TEXT } from "./response.ts";

export interface Served {
  readonly port: number;
  stop(): Promise<void>;
}

/** A connection without a byte in either direction is closed after so many seconds. */
export interface IdleSeconds {
  /** While a request is read. @default {30} */
  readonly request?: number;
  /** While a stream is sent. Without it a peer that takes nothing would keep its connection after the stream's end. @default {60} */
  readonly streaming?: number;
}

/**
 * Serves HTTP/1.1 at a host and port; 0 picks a free one.
 *
 * @throws the system's error (`EADDRINUSE` …) when it cannot listen
 */
export function serveHttp(
  host: string,
  port: number,
  handle: (incoming: IncomingRequest) => Promise<Response>,
  { request: requestSeconds = 30, streaming = 60 }: IdleSeconds = {},
): Served {
  const server = Bun.serve({
    hostname: host,
    port,
    // With `development: false` the runtime shares the port by default: a second instance would get half of the requests.
    reusePort: false,
    idleTimeout: requestSeconds,
    maxRequestBodySize: MAX_BODY_BYTES,
    // In development the runtime prints errors of streams past our log.
    development: false,
    async fetch(request, self) {
      const peer = self.requestIP(request)?.address;
      // The client has gone away already.
      if (peer === undefined) return respond(400, TEXT, "gone\n");
      return handle({ request, peer, stayOpen: () => self.timeout(request, streaming) });
    },
    error: () => errorResponse(500, "it failed"),
  });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}
