import { sourceUrl } from "../../base/mod.ts";
import type { LoopProtocol, Protocol, Slice } from "../loop/mod.ts";
import { HttpCounts } from "./counts.ts";
import { http1Transport } from "./http1-transport.ts";
import { http2Transport } from "./http2-transport.ts";
import type { HttpPlan } from "./plan.ts";
import { httpReport } from "./report.ts";
import { requestSource } from "./requests/mod.ts";
import { httpTarget } from "./target-reader.ts";

/** Requests over HTTP/1.1 or HTTP/2, and answers that are read to their end. */
export const http: Protocol<HttpPlan> = {
  onLoop,
  workerProgram: sourceUrl("load/http/worker.ts"),
  report: httpReport,
  target: httpTarget,
};

function onLoop(plan: HttpPlan, slice: Slice): LoopProtocol {
  const requests = requestSource(plan.requests, plan.seed, slice);
  const counts = new HttpCounts(requests.names);
  return {
    source: requests,
    replies: undefined,
    stop: undefined,
    openTransport: (events) => (plan.http2 ? http2Transport : http1Transport)(plan, slice, events, counts, requests),
    readCounts: (isOver) => ({ ...counts.read(isOver), ...requests.cookies?.read() }),
  };
}
