/** The program of one load worker: one event loop's share of a run. Started by a crew, never imported. */

import { type EndedBy, LoadLoop, type Protocol, type Slice, tcpProtocol } from "../loop/mod.ts";
import { encodeHistogram, LATENCIES } from "../measure/mod.ts";
import type { TcpPlan } from "../plan/mod.ts";
import type { FromLoadWorker, ToLoadWorker } from "./worker-messages.ts";

declare const self: Worker;

/** How often the coordinator hears. */
const STATE_MS = 250;

let loop: LoadLoop | undefined;
let timer: ReturnType<typeof setInterval> | undefined;

function tell(message: FromLoadWorker): void {
  self.postMessage(message);
}

function tellState(running: LoadLoop, endedBy?: EndedBy): void {
  const last = endedBy !== undefined;
  const { latencies } = running;
  const hasAnswers = latencies.count("message") > 0;
  tell({
    kind: "state",
    tally: { ...running.refresh() },
    latencies: latencies.encode(last ? LATENCIES : [hasAnswers ? "message" : "send"]),
    lag: encodeHistogram(running.lag),
    debt: running.debt,
    draining: running.phase !== "connect" && running.phase !== "send",
    ...(last ? { endedBy } : {}),
  });
}

/** The loop's clock begins here, so that all workers count from the same moment. */
function start(plan: TcpPlan, slice: Slice, protocol: Protocol): LoadLoop {
  const made = new LoadLoop(plan, slice, protocol, {
    rampedUp: () => tell({ kind: "ramped-up" }),
    sendingOver: () => tellState(made),
    done(endedBy) {
      clearInterval(timer);
      tellState(made, endedBy);
    },
  });
  timer = setInterval(() => tellState(made), STATE_MS);
  made.start();
  return made;
}

let begin: (() => LoadLoop) | undefined;

self.onmessage = (event: MessageEvent<ToLoadWorker>) => {
  const message = event.data;
  if (message.kind === "prepare") {
    const protocol = tcpProtocol(message.plan, message.slice.worker);
    begin = () => start(message.plan, message.slice, protocol);
    tell({ kind: "ready" });
  } else if (message.kind === "start") loop = begin?.();
  else if (message.kind === "send") loop?.startSending();
  else if (message.kind === "scale") loop?.scaleRate(message.factor);
  else loop?.stop(message.endedBy);
};
