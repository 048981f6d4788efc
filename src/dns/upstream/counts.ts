/** Why an upstream gave no answer. A closed set: a metric label. */
export const UPSTREAM_FAILURES = [
  "timeout",
  "unreachable", // the socket said so, or the connection could not be opened
  "closed", // the connection ended before the answer
  "malformed", // an answer to this query that cannot be read, by TCP, TLS or HTTPS
  "mismatch", // an answer to another question, by TCP, TLS or HTTPS
  "http-status", // an answer by HTTPS with another status than 200
  "content-type", // an answer by HTTPS that is no DNS message
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
  /** Queries repeated without EDNS: the upstream refused it. */
  withoutEdns: number;
  readonly failures: Record<UpstreamFailure, number>;
}

export function newCounts(): UpstreamCounts {
  const failures = Object.fromEntries(UPSTREAM_FAILURES.map((failure) => [failure, 0]));
  const counts = { queries: 0, answers: 0, ignored: 0, byTcp: 0, withoutEdns: 0 };
  return { ...counts, failures: failures as Record<UpstreamFailure, number> };
}
