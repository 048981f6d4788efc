import type { Exchange } from "../../http/mod.ts";
import {
  brokenRuleAt,
  inProgressAt,
  LATENCY_WEIGHT,
  observe,
  outcomeAt,
  Place,
  recentLatencyAt,
  rejectionAt,
  requestsAt,
  slotStart,
  statusAt,
} from "../counts.ts";
import type { Work } from "./work.ts";

/** Counts requests in the row of its event loop: additions to doubles, nothing is looked up or allocated. */
export class RequestCounter {
  readonly #row: Float64Array;

  constructor(row: Float64Array) {
    this.#row = row;
  }

  began(work: Work): void {
    this.#row[inProgressAt(work.slot)]! += 1;
  }

  /** The service of a request that began is known. */
  isFor(work: Work, slot: number): void {
    this.#row[inProgressAt(work.slot)]! -= 1;
    work.slot = slot;
    this.#row[inProgressAt(slot)]! += 1;
  }

  finished(exchange: Exchange<Work>): void {
    const row = this.#row;
    const { slot, method, forward, rejection } = exchange.data;
    const start = slotStart(slot);
    row[inProgressAt(slot)]! -= 1;
    row[requestsAt(slot, method, exchange.status)]! += 1;
    row[statusAt(slot, exchange.status)]! += 1;
    row[outcomeAt(slot, exchange.outcome)]! += 1;
    row[start + Place.requestHeadBytes]! += exchange.requestHeadBytes;
    row[start + Place.requestBodyBytes]! += exchange.requestBodyBytes;
    row[start + Place.responseHeadBytes]! += exchange.responseHeadBytes;
    row[start + Place.responseBodyBytes]! += exchange.responseBodyBytes;
    if (forward !== undefined && forward.retries > 0) row[start + Place.retries]! += forward.retries;
    if (rejection !== undefined) row[rejectionAt(slot, rejection)]! += 1;
    if (exchange.status === 101) row[start + Place.tunnels]! += 1;
    else observe(row, slot, Place.durations, (exchange.endedMs - exchange.startedMs) / 1000);
    if (exchange.firstByteMs > 0) this.#answerBegan(slot, (exchange.firstByteMs - exchange.startedMs) / 1000);
  }

  #answerBegan(slot: number, seconds: number): void {
    observe(this.#row, slot, Place.firstBytes, seconds);
    const at = recentLatencyAt(slot);
    const before = this.#row[at]!;
    this.#row[at] = before === 0 ? seconds : before + (seconds - before) * LATENCY_WEIGHT;
  }

  lineDropped(slot: number): void {
    this.#row[slotStart(slot) + Place.logLinesDropped]! += 1;
  }

  /** What was no request, and belongs to no service. */
  answeredItself(status: number, reason: string): void {
    this.#row[requestsAt(0, 0, status)]! += 1;
    this.#row[statusAt(0, status)]! += 1;
    if (status >= 400) this.#row[brokenRuleAt("http/1", reason)]! += 1;
  }

  /** Of HTTP/2. */
  brokeRule(reason: string): void {
    this.#row[brokenRuleAt("http/2", reason)]! += 1;
  }
}
