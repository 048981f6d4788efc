import type { Metric } from "../../metrics/mod.ts";
import type { CertificateStatus } from "./contract.ts";

/** Counted for each issuer. */
export interface IssueCounts {
  issued: number;
  failed: number;
}

const STATES = ["valid", "pending", "expired", "not-yet-valid"] as const satisfies CertificateStatus["state"][];

/** Metrics of a store. The label `name` has declared names only. */
export function storeMetrics(
  status: () => readonly CertificateStatus[],
  counts: ReadonlyMap<string, IssueCounts>,
): Metric[] {
  const byIssuer = (name: string, help: string, field: keyof IssueCounts): Metric => ({
    name,
    help,
    type: "counter",
    labels: ["issuer"],
    read(report) {
      for (const [issuer, count] of counts) report(count[field], { issuer });
    },
  });
  return [
    {
      name: "tenk_certificate_expiry_timestamp_seconds",
      help: "Unix time at which the certificate of a name expires.",
      type: "gauge",
      labels: ["name", "issuer"],
      read(report) {
        for (const { names, issuer, notAfterMs } of status()) {
          if (notAfterMs !== undefined) report(notAfterMs / 1000, { name: names[0]!, issuer });
        }
      },
    },
    {
      name: "tenk_certificates",
      help: "Declared certificates by state.",
      type: "gauge",
      labels: ["state"],
      read(report) {
        const all = status();
        for (const state of STATES) report(all.filter((each) => each.state === state).length, { state });
      },
    },
    byIssuer("tenk_certificates_issued_total", "Certificates issued, also renewals.", "issued"),
    byIssuer("tenk_certificate_failures_total", "Attempts to issue or renew a certificate that failed.", "failed"),
  ];
}
