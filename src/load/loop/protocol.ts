import {
  byAnyChunk,
  byDelimiter,
  byLength,
  byMarker,
  compileMessages,
  type MessageSource,
  messageMarkerFinder,
  type ReplyFinder,
  SeededRandom,
  type StopFinder,
  stopAt,
} from "../message/mod.ts";
import type { ReplyRule, TcpPlan } from "../plan/mod.ts";

/**
 * What the loop needs to know of a protocol: which bytes to send next, which bytes are an answer, and which end the run.
 * Everything else (pace, time, connections, counting) is the same for all; a new protocol is a new one of these.
 */
export interface Protocol {
  /** None = connections are opened and held. */
  readonly source: MessageSource | undefined;
  /** None = what comes back is counted in bytes, and no latency is taken. */
  readonly replies: ReplyFinder | undefined;
  readonly stop: StopFinder | undefined;
}

/**
 * The protocol of one worker. Each worker builds its own: sources and finders hold scratch space.
 *
 * @throws {TenkError} `usage` when a message cannot be read
 */
export function tcpProtocol(plan: TcpPlan, worker: number): Protocol {
  const global = new SeededRandom();
  global.reseed(plan.seed, 0, 0);
  const own = new SeededRandom();
  own.reseed(plan.seed, worker + 1, 0);
  const source =
    plan.messages.length === 0
      ? undefined
      : compileMessages({ parts: plan.messages, files: plan.files, random: own.next, globalRandom: global.next });
  return {
    source,
    // A message that carries its time is there to be found again.
    replies: plan.replies ? finderOf(plan.replies) : source?.hasMarker ? messageMarkerFinder() : undefined,
    stop: plan.messageStop && stopAt(plan.messageStop),
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
