import type { Log } from "../../base/mod.ts";
import { messageOf, occasionally } from "../../base/mod.ts";
import { fetchHandler, httpServer } from "../../http/mod.ts";
import { listen } from "../../net/mod.ts";
import type { IncomingRequest } from "./auth-middleware.ts";
import { MAX_BODY_BYTES } from "./body.ts";
import { errorResponse } from "./response.ts";

export interface Served {
  readonly port: number;
  stop(): Promise<void>;
}

/** How long a connection may be silent. */
export interface IdleTimes {
  /** While a request is read, or awaited. @default {30000} */
  readonly requestMs?: number;
  /** While an answer is sent: a reader that takes nothing for so long is dropped. @default {60000} */
  readonly stallMs?: number;
}

/** What is being sent may still be sent. */
const GRACE_MS = 1000;

/**
 * Serves HTTP/1.1 at a host and port; 0 picks a free one.
 *
 * @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`
 */
export async function serveHttp(
  host: string,
  port: number,
  handle: (incoming: IncomingRequest) => Promise<Response>,
  log: Log,
  { requestMs = 30_000, stallMs = 60_000 }: IdleTimes = {},
): Promise<Served> {
  const logFailure = occasionally<unknown>((count, error) =>
    log.error("dashboard request failed", { error: messageOf(error), count }),
  );
  const handler = fetchHandler(handle, {
    maxBodyBytes: MAX_BODY_BYTES,
    failed(error) {
      logFailure(error);
      return errorResponse(500, "it failed");
    },
  });
  const times = { headTimeoutMs: requestMs, bodyTimeoutMs: requestMs, keepAliveMs: requestMs };
  const options = { name: "dashboard", host, port, halfOpen: true, limits: { stallMs } };
  const server = await listen(options, httpServer(handler, times));
  return { port: server.port, stop: () => server.stop({ graceMs: GRACE_MS }) };
}
