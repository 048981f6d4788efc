import type { TargetReport } from "../../targets/mod.ts";
import type { RunningListener } from "../listeners/mod.ts";
import type { RelayReport } from "../relay/mod.ts";
import { relayReports, targetReports } from "./relay-reports.ts";
import { type ListenerStatus, listenerStatus, type RelayStatus, type TargetView } from "./status.ts";

/** How long to wait for a blocked event loop; then its previous report is shown. */
const TIMEOUT_MS = 1000;
/** The most targets shown of one listener; those that are not up come first. */
const MAX_TARGETS = 100;
/** The most characters shown of an error's text. */
const MAX_ERROR_LENGTH = 300;

/** Reads the status of listeners; for relays it asks their event loops about the targets. */
export class RelayReader {
  readonly #known = new WeakMap<RunningListener["server"], RelayStatus>();

  async read(running: readonly RunningListener[]): Promise<ListenerStatus[]> {
    const relays = running.filter(({ config }) => config.relay !== undefined);
    await Promise.all(relays.map((each) => this.#read(each)));
    return running.map((each) => {
      const relay = this.#known.get(each.server);
      return relay === undefined ? listenerStatus(each) : { ...listenerStatus(each), relay };
    });
  }

  /** Never rejects; a late answer is kept for the next call. */
  async #read(listener: RunningListener): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answered = relayReports([listener]).then(
      ([found]) => {
        if (found !== undefined && found.reports.length > 0)
          this.#known.set(listener.server, relayStatus(found.reports));
      },
      () => {},
    );
    const overdue = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TIMEOUT_MS);
    });
    await Promise.race([answered, overdue]);
    clearTimeout(timer);
  }
}

/** What event loops report, added up. */
export function relayStatus(reports: readonly RelayReport[]): RelayStatus {
  const targets = targetReports(reports).map(([address, ofLoops]) => targetView(address, ofLoops));
  const isUp = ({ state }: TargetView) => Number(state === "up");
  const shown = targets.length > MAX_TARGETS ? targets.toSorted((one, other) => isUp(one) - isUp(other)) : targets;
  return {
    pairs: sum(reports, ({ pairs }) => pairs),
    withoutTarget: sum(reports, ({ withoutTarget }) => withoutTarget),
    targets: shown.slice(0, MAX_TARGETS),
    targetsLeftOut: Math.max(0, targets.length - MAX_TARGETS),
  };
}

function targetView(address: string, reports: readonly TargetReport[]): TargetView {
  const erred = reports.toSorted((one, other) => (other.lastErrorAtMs ?? 0) - (one.lastErrorAtMs ?? 0))[0];
  const known = (pick: (report: TargetReport) => number | undefined) =>
    reports.map(pick).filter((value) => value !== undefined);
  const first = (values: readonly number[]) => (values.length === 0 ? null : isoTime(Math.min(...values)));
  const connects = known(({ connectMs }) => connectMs);
  return {
    address,
    state: stateOf(reports),
    weight: reports[0]?.weight ?? 1,
    active: sum(reports, ({ active }) => active),
    total: sum(reports, ({ total }) => total),
    failures: sum(reports, ({ failures }) => failures),
    bytesToTarget: sum(reports, ({ bytesToTarget }) => bytesToTarget),
    bytesFromTarget: sum(reports, ({ bytesFromTarget }) => bytesFromTarget),
    connectMs: connects.length === 0 ? null : Math.max(...connects),
    lastError: erred?.lastError?.slice(0, MAX_ERROR_LENGTH) ?? null,
    lastErrorAt: erred?.lastErrorAtMs === undefined ? null : isoTime(erred.lastErrorAtMs),
    outSince: first(known(({ outSinceMs }) => outSinceMs)),
    nextTryAt: first(known(({ nextTryAtMs }) => nextTryAtMs)),
  };
}

/** Each event loop finds out by itself. */
function stateOf(reports: readonly TargetReport[]): TargetView["state"] {
  if (reports.some(({ state }) => state === "draining")) return "draining";
  const out = reports.filter(({ state }) => state === "down").length;
  return out === 0 ? "up" : out === reports.length ? "out" : "partly out";
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function sum<Each>(of: readonly Each[], pick: (each: Each) => number): number {
  return of.reduce((total, each) => total + pick(each), 0);
}
