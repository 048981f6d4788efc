import { logOf, occasionallyEach } from "../../base/mod.ts";
import { HTTP2_REJECTIONS, type Http2Rejection } from "./connection-error.ts";

/** Counts broken rules and limits of all connections of a server, and logs each kind at most once a second. */
export class Rejections {
  readonly counts = Object.fromEntries(HTTP2_REJECTIONS.map((name) => [name, 0])) as Record<Http2Rejection, number>;

  count(rejection: Http2Rejection, address: string, detail: string): void {
    this.counts[rejection] += 1;
    logRejection(rejection, { address, detail });
  }
}

const log = logOf("http");
const logRejection = occasionallyEach<Http2Rejection, { address: string; detail: string }>((reason, count, last) => {
  log.warn("HTTP/2 limit reached or rule broken", { reason, address: last.address, detail: last.detail, count });
});
