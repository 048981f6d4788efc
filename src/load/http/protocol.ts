import { sourceUrl } from "../../base/mod.ts";
import type { LoopProtocol, Protocol, Slice } from "../loop/mod.ts";
import { HttpCounts } from "./counts.ts";
import { http1Transport } from "./http1-transport.ts";
import { http2Transport } from "./http2-transport.ts";
import type { HttpPlan } from "./plan.ts";
import { httpProgress, httpReport } from "./report.ts";
import { requestSource } from "./requests/mod.ts";
import { RunningScript, tellDone } from "./script/mod.ts";
import { httpTarget } from "./target-reader.ts";

/** Requests over HTTP/1.1 or HTTP/2, and answers that are read to their end. */
export const http: Protocol<HttpPlan> = {
  prepare: async ({ script, seed }, slice) => script && RunningScript.start(script, seed, slice),
  onLoop,
  finished: async ({ script }, report) => script && tellDone(script.file, report),
  workerProgram: sourceUrl("load/http/worker.ts"),
  report: httpReport,
  target: httpTarget,
  progress: httpProgress,
};

/** @param prepared what `prepare` returned */
function onLoop(plan: HttpPlan, slice: Slice, prepared?: unknown): LoopProtocol {
  const script = prepared as RunningScript | undefined;
  const requests = requestSource(plan.requests, plan.seed, slice, script);
  const counts = new HttpCounts(requests.names, script?.makesRequests);
  return {
    source: requests,
    replies: undefined,
    stop: undefined,
    openTransport(events) {
      if (script !== undefined) script.failed = (error) => events.broken(error);
      const observer = script?.readsAnswers ? script : undefined;
      return (plan.http2 ? http2Transport : http1Transport)(plan, slice, events, { counts, requests, observer });
    },
    readCounts: (isOver) => ({ ...counts.read(isOver), ...requests.cookies?.read(), ...script?.read() }),
  };
}
