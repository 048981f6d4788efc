/** Why an upstream gave no answer. A closed set: a metric label. */
export const UPSTREAM_FAILURES = [
  "timeout",
  "unreachable", // the socket said so, or TCP or TLS did not connect
  "closed", // the connection ended before the answer
  "malformed", // an answer to this query that cannot be read, by TCP or TLS
  "mismatch", // the same, to another question
  "busy", // too many queries are in flight
  "stopped",
] as const;
export type UpstreamFailure = (typeof UPSTREAM_FAILURES)[number];

/** What happened with one upstream. They only grow. */
export interface UpstreamCounts {
  queries: number;
  answers: number;
  /** Datagrams that were not the answer: another sender, ID, question, or no DNS at all. */
  ignored: number;
  /** Asked again by TCP: the answer was truncated, or what came by UDP was not to be believed. */
  byTcp: number;
  readonly failures: Record<UpstreamFailure, number>;
}

export function newCounts(): UpstreamCounts {
  const failures = Object.fromEntries(UPSTREAM_FAILURES.map((failure) => [failure, 0]));
  return { queries: 0, answers: 0, ignored: 0, byTcp: 0, failures: failures as Record<UpstreamFailure, number> };
}
