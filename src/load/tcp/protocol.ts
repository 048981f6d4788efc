import { sourceUrl } from "../../base/mod.ts";
import type { LoopProtocol, Protocol, Slice } from "../loop/mod.ts";
import {
  byAnyChunk,
  byDelimiter,
  byLength,
  byMarker,
  compileMessages,
  messageMarkerFinder,
  type ReplyFinder,
  SeededRandom,
  stopAt,
} from "../message/mod.ts";
import type { ReplyRule, TcpPlan } from "./plan.ts";
import { tcpTarget } from "./target-reader.ts";
import { tcpTransport } from "./transport.ts";

/** Messages over TCP, and answers found by a rule. */
export const tcp: Protocol<TcpPlan> = {
  onLoop,
  workerProgram: sourceUrl("load/tcp/worker.ts"),
  target: tcpTarget,
};

function onLoop(plan: TcpPlan, slice: Slice): LoopProtocol {
  const global = new SeededRandom();
  global.reseed(plan.seed, 0, 0);
  const own = new SeededRandom();
  own.reseed(plan.seed, slice.worker + 1, 0);
  const source =
    plan.messages.length === 0
      ? undefined
      : compileMessages({ parts: plan.messages, files: plan.files, random: own.next, globalRandom: global.next });
  return {
    source,
    // A message that carries its time is there to be found again.
    replies: plan.replies ? finderOf(plan.replies) : source?.hasMarker ? messageMarkerFinder() : undefined,
    stop: plan.messageStop && stopAt(plan.messageStop),
    openTransport: (events) => tcpTransport(plan, slice, events),
  };
}

function finderOf(rule: ReplyRule): ReplyFinder {
  switch (rule.kind) {
    case "chunk":
      return byAnyChunk();
    case "marker":
      return byMarker(rule.text, rule.skip);
    case "delimiter":
      return byDelimiter(rule.text);
    case "length":
      return byLength(rule.bytes);
  }
}
