import { sourceUrl } from "../../base/mod.ts";
import type { LoopProtocol, Protocol, Slice, TransportEvents } from "../loop/mod.ts";
import { compileFramed, type MessageSource, SeededRandom, stopAt } from "../message/mod.ts";
import { type AnswerFinder, byMessageMarker, byOrder, byText } from "./answers.ts";
import type { WebSocketShared } from "./connection.ts";
import { WebSocketCounts } from "./counts.ts";
import { Masks } from "./masks.ts";
import { framesOf } from "./message-source.ts";
import { Pinger } from "./pinger.ts";
import type { WebSocketPlan } from "./plan.ts";
import { webSocketReport } from "./report.ts";
import { webSocketTransport } from "./transport.ts";

/** Messages over WebSocket (RFC 6455), without extensions. */
export const webSocket: Protocol<WebSocketPlan> = {
  onLoop,
  workerProgram: sourceUrl("load/websocket/worker.ts"),
  report: webSocketReport,
};

function onLoop(plan: WebSocketPlan, slice: Slice): LoopProtocol {
  const counts = new WebSocketCounts();
  const masks = new Masks();
  const source = sourceOf(plan, slice, masks);
  const answers = answersOf(plan, source);
  return {
    source,
    replies: undefined,
    stop: plan.messageStop && stopAt(plan.messageStop),
    openTransport: (events) => webSocketTransport(plan, slice, sharedOf(plan, events, counts, masks, answers)),
    readCounts: () => counts.read(),
  };
}

function sourceOf(plan: WebSocketPlan, slice: Slice, masks: Masks): MessageSource | undefined {
  if (plan.messages.length === 0) return undefined;
  const global = new SeededRandom();
  global.reseed(plan.seed, 0, 0);
  const own = new SeededRandom();
  own.reseed(plan.seed, slice.worker + 1, 0);
  const { messages: parts, files } = plan;
  return framesOf(compileFramed({ parts, files, random: own.next, globalRandom: global.next }), plan, masks);
}

function answersOf({ answers, messagesPerSend }: WebSocketPlan, source: MessageSource | undefined): AnswerFinder {
  if (answers?.kind === "marker") return byText(answers.text, answers.skip);
  if (answers?.kind === "order") return byOrder(messagesPerSend);
  // A message that carries its time is there to be found again.
  return source?.hasMarker ? byMessageMarker() : byOrder(1);
}

function sharedOf(
  plan: WebSocketPlan,
  events: TransportEvents,
  counts: WebSocketCounts,
  masks: Masks,
  answers: AnswerFinder,
): WebSocketShared {
  return {
    events,
    counts,
    masks,
    answers,
    request: plan.request,
    subprotocols: plan.subprotocols,
    maxMessageBytes: plan.maxMessageBytes,
    timeoutMs: plan.connectTimeoutMs,
    isDeaf: plan.downstreamBytesPerSecond === 0,
    pending: new Set(),
    pinger: plan.pingsPerSecond > 0 ? new Pinger(plan.pingsPerSecond) : undefined,
  };
}
