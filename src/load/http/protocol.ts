import { sourceUrl } from "../../base/mod.ts";
import type { LoopProtocol, Protocol, Slice } from "../loop/mod.ts";
import type { MessageSource } from "../message/mod.ts";
import { HttpCounts } from "./counts.ts";
import { http1Transport } from "./http1-transport.ts";
import { http2Transport } from "./http2-transport.ts";
import type { HttpPlan } from "./plan.ts";
import { httpReport } from "./report.ts";

/** Requests over HTTP/1.1 or HTTP/2, and answers that are read to their end. */
export const http: Protocol<HttpPlan> = {
  onLoop,
  workerProgram: sourceUrl("load/http/worker.ts"),
  report: httpReport,
};

function onLoop(plan: HttpPlan, slice: Slice): LoopProtocol {
  const counts = new HttpCounts();
  return {
    source: sourceOf(plan.request),
    replies: undefined,
    stop: undefined,
    openTransport: (events) => (plan.http2 ? http2Transport : http1Transport)(plan, slice, events, counts),
    readCounts: () => counts.read(),
  };
}

function sourceOf(request: Uint8Array): MessageSource {
  return {
    constant: true,
    firstBytes: () => undefined,
    nextBytes: () => request,
    constantLengthBytes: request.length,
    maxLengthBytes: request.length,
    messagesPerCycle: 1,
    hasMarker: false,
  };
}
