import { logOf, occasionallyEach } from "../../base/mod.ts";

const log = logOf("http");

/** Logs a request that broke the rules of HTTP or a limit; each reason at most once a second, since a client may provoke it. */
export const logRejected = occasionallyEach<string, { status: number; address: string }>((reason, count, last) => {
  log.warn("request rejected", { reason, status: last.status, address: last.address, count });
});
