import { type EndedBy, LoadLoop, type LoopProtocol, type Protocol, type Slice } from "../loop/mod.ts";
import { ALL_LATENCIES, encodeHistogram } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import { type FromLoadWorker, failedMessage, type ToLoadWorker } from "./worker-messages.ts";

declare const self: Worker;

/** How often a worker posts its state. */
const STATE_MS = 250;

/** Serves the coordinator from a thread of its own: one event loop's share of a run. Each protocol's worker program calls it once. */
export function serveLoadWorker<Plan extends LoadPlan>(protocol: Protocol<Plan>): void {
  let loop: LoadLoop | undefined;
  let begin: (() => LoadLoop) | undefined;
  self.onmessage = (event: MessageEvent<ToLoadWorker<Plan>>) => {
    const message = event.data;
    if (message.kind === "prepare") {
      const { plan, slice } = message;
      void prepared(protocol, plan, slice).then(
        (own) => {
          begin = () => start(plan, slice, own);
          post({ kind: "ready" });
        },
        (error: unknown) => post(failedMessage(error)),
      );
    } else if (message.kind === "start") loop = begin?.();
    else if (message.kind === "send") loop?.startSending();
    else if (message.kind === "scale") loop?.scaleRate(message.factor);
    else loop?.stop(message.endedBy);
  };
}

async function prepared<Plan extends LoadPlan>(
  protocol: Protocol<Plan>,
  plan: Plan,
  slice: Slice,
): Promise<LoopProtocol> {
  return protocol.onLoop(plan, slice, await protocol.prepare?.(plan, slice));
}

/** The loop's clock begins here, so that all workers count from the same moment. */
function start(plan: LoadPlan, slice: Slice, protocol: LoopProtocol): LoadLoop {
  const loop = new LoadLoop(plan, slice, protocol, {
    rampedUp: () => post({ kind: "ramped-up" }),
    sendingOver: () => postState(loop),
    failed: (error) => post(failedMessage(error)),
    done(endedBy) {
      clearInterval(timer);
      postState(loop, endedBy);
    },
  });
  const timer = setInterval(() => postState(loop), STATE_MS);
  loop.start();
  // A turn later the first connects are on their way.
  setImmediate(() => post({ kind: "began" }));
  return loop;
}

function post(message: FromLoadWorker): void {
  self.postMessage(message);
}

function postState(loop: LoadLoop, endedBy?: EndedBy): void {
  const last = endedBy !== undefined;
  const { latencies } = loop;
  const hasAnswers = latencies.count("message") > 0;
  post({
    kind: "state",
    tally: { ...loop.refresh() },
    latencies: latencies.encode(last ? ALL_LATENCIES : [hasAnswers ? "message" : "send"]),
    lag: encodeHistogram(loop.lag),
    debt: loop.debt,
    draining: loop.phase !== "connect" && loop.phase !== "send",
    ...(last ? { endedBy } : {}),
  });
}
