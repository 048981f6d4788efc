import type { IncomingRequest } from "./auth-middleware.ts";
import { MAX_BODY_BYTES } from "./body.ts";
import { errorResponse, respond, TEXT } from "./response.ts";

export interface Served {
  readonly port: number;
  stop(): Promise<void>;
}

/** Seconds without a byte either way that end a connection. */
export interface IdleSeconds {
  /** @default {30} */
  readonly asking?: number;
  /** Of one whose answer goes on. A peer that takes nothing would else keep its connection after its stream has ended. @default {60} */
  readonly streaming?: number;
}

/**
 * HTTP at a host and port; 0 picks a free one. There is no upgrade: HTTP/1.1 is all it speaks.
 *
 * @throws the system's error (`EADDRINUSE` …) when it cannot listen
 */
export function serveHttp(
  host: string,
  port: number,
  handle: (incoming: IncomingRequest) => Promise<Response>,
  { asking = 30, streaming = 60 }: IdleSeconds = {},
): Served {
  const server = Bun.serve({
    hostname: host,
    port,
    // Said, since `development: false` alone shares the port: a second box would get half of the requests, unasked.
    reusePort: false,
    idleTimeout: asking,
    maxRequestBodySize: MAX_BODY_BYTES,
    // Else the runtime prints what ends a stream, with our source, past the log.
    development: false,
    async fetch(request, self) {
      const peer = self.requestIP(request)?.address;
      // Gone before it was asked about: nobody reads the answer.
      if (peer === undefined) return respond(400, TEXT, "gone\n");
      return handle({ request, peer, stayOpen: () => self.timeout(request, streaming) });
    },
    error: () => errorResponse(500, "it failed"),
  });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}
