import type { Status, StatusTable } from "../app/mod.ts";
import { formatDuration } from "../base/mod.ts";

type CertificateRow = Status["certificates"][number];

const DAY_MS = 86_400_000;
/** Below this share of its life a certificate should have been renewed. */
const SOON_DAYS = 3;

/**
 * ```text
 * certificate     issuer  valid for  renewed in
 * git.home.arpa   local     29 days     19 days
 * git.example.org acme      pending               new order: rateLimited …
 * ```
 */
export function certificateTable(certificates: readonly CertificateRow[], atMs: number): StatusTable[] {
  if (certificates.length === 0) return [];
  const failed = certificates.filter(({ lastError }) => lastError !== undefined);
  return [
    {
      columns: [
        { title: "certificate" },
        { title: "issuer", dropOrder: 2 },
        { title: "valid for", align: "right" },
        { title: "renewed in", align: "right", dropOrder: 1 },
      ],
      rows: certificates.map(({ names, issuer, state, daysLeft, nextRenewalMs }) => [
        names.join(", "),
        issuer,
        stateCell(state, daysLeft),
        nextRenewalMs === undefined ? "" : inDays(Math.max(0, nextRenewalMs - atMs)),
      ]),
      notes: failed.map(({ names, lastError }) => `${names[0]}: ${lastError!.message}${fixOf(lastError!)}`),
    },
  ];
}

function inDays(ms: number): string {
  return ms < 2 * DAY_MS ? formatDuration(ms) : `${Math.floor(ms / DAY_MS)} days`;
}

function stateCell(state: CertificateRow["state"], daysLeft: number | undefined) {
  if (state !== "valid") return { text: state, tone: "bad" as const };
  return { text: `${daysLeft} days`, tone: (daysLeft ?? 0) < SOON_DAYS ? ("warning" as const) : ("good" as const) };
}

function fixOf({ fix }: NonNullable<CertificateRow["lastError"]>): string {
  return fix === undefined ? "" : `\n  ${fix}`;
}
