import { HEADER_BYTES, nameLength, readUint16 } from "../../wire/dns/mod.ts";
import type { LogRing } from "./log-ring.ts";
import type { Decided, LogVerdict, Transport } from "./verdicts.ts";

/** A query that was answered later than at once. */
export interface ResolvedQuery {
  /** The answer, whose question is the query's. */
  readonly answer: Uint8Array;
  readonly verdict: LogVerdict;
  /** Index of the upstream that answered; -1 = none. */
  readonly upstream: number;
  readonly transport: Transport;
  /** Sixteen bytes. */
  readonly ip: Uint8Array;
  readonly latencyMs: number;
  readonly nowMs: number;
  readonly decided?: Decided | undefined;
}

/** An entry has a byte for the number of the upstream, from 1. */
const MAX_UPSTREAM = 254;
const MAX_LATENCY_US = 0xffffffff;

/** Writes a query that was resolved to the log: what the chain of a thread does for those that it answers itself. */
export function logResolved(log: LogRing, query: ResolvedQuery): void {
  const { answer, verdict, upstream, transport, ip, latencyMs, nowMs, decided } = query;
  const type = readUint16(answer, HEADER_BYTES + nameLength(answer, HEADER_BYTES));
  const rcode = answer[3]! & 15;
  // 0 would mean: from memory.
  const latencyUs = Math.min(MAX_LATENCY_US, Math.max(1, Math.round(latencyMs * 1000)));
  const number = upstream > MAX_UPSTREAM ? 0 : upstream + 1;
  log.push(verdict, transport, answer, HEADER_BYTES, type, rcode, false, decided, number, latencyUs, nowMs, ip);
}
