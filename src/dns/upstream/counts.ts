/** Why an upstream gave no answer. A closed set: a metric label. */
export const UPSTREAM_FAILURES = [
  "timeout",
  "unreachable", // the socket said so, or TCP or TLS did not connect
  "closed", // the connection ended before the answer
  "malformed", // an answer to this query that cannot be read, by TCP or TLS
  "mismatch", // an answer to another question, by TCP or TLS
  "busy", // too many queries are in flight
  "stopped",
] as const;
export type UpstreamFailure = (typeof UPSTREAM_FAILURES)[number];

/** Counters of one upstream, which never decrease. */
export interface UpstreamCounts {
  queries: number;
  answers: number;
  /** Datagrams that did not match the query: another sender, ID or question, or not DNS at all. */
  ignored: number;
  /** Queries repeated over TCP: the answer was truncated, or the UDP answers could have been forged. */
  byTcp: number;
  readonly failures: Record<UpstreamFailure, number>;
}

export function newCounts(): UpstreamCounts {
  const failures = Object.fromEntries(UPSTREAM_FAILURES.map((failure) => [failure, 0]));
  return { queries: 0, answers: 0, ignored: 0, byTcp: 0, failures: failures as Record<UpstreamFailure, number> };
}
