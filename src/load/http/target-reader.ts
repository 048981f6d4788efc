import type { TargetCounts, TargetReader } from "../loop/mod.ts";
import { countsByKind } from "./counts.ts";

/** `parts.proxy` of `/api/status`, as far as it is read here. */
interface ProxySection {
  readonly listeners?: readonly { readonly port?: number; readonly open?: number; readonly peak?: number }[];
  readonly services?: readonly ({ readonly service: string } & RequestsView)[];
  /** What belongs to no service. */
  readonly other?: RequestsView;
}

interface RequestsView {
  readonly status?: Readonly<Record<string, number>>;
  readonly requestBytes?: number;
}

type ByStatus = Readonly<Record<string, number>>;

/** What the report calls requests of no service. */
const OTHER = "other";
const BYTES = "bytes";

/** Of HTTP a proxy counts requests, by service and status. Those of other clients are among them. */
export const httpTarget: TargetReader = {
  read(parts, port) {
    const { listeners = [], services = [], other = {} } = (parts.proxy ?? {}) as ProxySection;
    const listener = listeners.find((each) => each.port === port);
    if (listener === undefined) return undefined;
    const views = [...services, { service: OTHER, ...other }];
    const counts: Record<string, number> = { [BYTES]: 0 };
    for (const { service, status = {}, requestBytes = 0 } of views) {
      counts[BYTES]! += requestBytes;
      for (const [name, count] of Object.entries(status)) counts[`${service} ${name}`] = count;
    }
    return { open: listener.open ?? 0, peak: listener.peak ?? 0, counts };
  },
  hasAll: (grown, { sent }) => sum(byWord(grown, 1)) >= sent,
  report(grown, { byProtocol }) {
    const status = byWord(grown, 1);
    const missing = missingOf(countsByKind(byProtocol).status, status);
    return {
      received: sum(status),
      bytesReceived: grown[BYTES] ?? 0,
      requests: { byService: byWord(grown, 0), status, missing },
    };
  },
  expectation: "server.missing=0",
};

/** Adds up counts such as `git 200` by one of their two words. */
function byWord(grown: TargetCounts["counts"], word: 0 | 1): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of Object.entries(grown)) {
    const key = name.split(" ")[word];
    if (name !== BYTES && key !== undefined && count > 0) sums[key] = (sums[key] ?? 0) + count;
  }
  return sums;
}

/**
 * Counts answers that the target has not counted with their status. It counts statuses without a name by their class only.
 *
 * @example
 * missingOf({ 200: 5, 418: 2, 419: 1 }, { 200: 4, "4xx": 3 }); // 1
 */
export function missingOf(ours: ByStatus, theirs: ByStatus): number {
  const wanted: Record<string, number> = {};
  for (const [status, count] of Object.entries(ours)) {
    const key = status in theirs ? status : `${status[0]}xx`;
    wanted[key] = (wanted[key] ?? 0) + count;
  }
  return sum(
    Object.fromEntries(Object.entries(wanted).map(([key, count]) => [key, Math.max(0, count - (theirs[key] ?? 0))])),
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
