/** Variables that tenk itself reads, none of which is a setting. */
const OWN = new Set(["TENK_TOKEN", "TENK_PUSH_TOKEN", "TENK_PUSH_USER", "TENK_PUSH_PASSWORD", "TENK_UPGRADE"]);

/** Of its own tests, whose programs inherit them. */
const OF_TESTS = /^TENK_(TEST_\w+|EXECUTABLE|REAL|RUNS|FUZZ|FUZZ_SEED|SEED)$/;

/**
 * What Kubernetes puts into each container for a Service named `tenk`, or `tenk-dns`, in its namespace: `TENK_SERVICE_HOST`,
 * `TENK_PORT`, `TENK_PORT_9091_TCP_ADDR` … Docker's links have the same names.
 */
const SERVICE_LINK =
  /^TENK(_[A-Z0-9]+)*?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR|START|END))?)$/;
const SERVICE_URL = /^(tcp|udp|sctp):\/\/[^/]+:\d+$/i;

/** Returns whether a variable is another's, or of tenk itself, so that it is no setting. */
export function isReserved(variable: string, value: string): boolean {
  if (OWN.has(variable) || OF_TESTS.test(variable) || SERVICE_LINK.test(variable)) return true;
  return /^TENK(_[A-Z0-9]+)*?_PORT$/.test(variable) && SERVICE_URL.test(value);
}
