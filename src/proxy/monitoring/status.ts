import { formatBytes, formatCount } from "../../base/mod.ts";
import type { Server } from "../../net/mod.ts";
import type { StatusCell, StatusLook, StatusTable } from "../../part/mod.ts";
import { Place, STATUS_CLASSES } from "../counts.ts";
import { requestsOf, type ServiceReading, statusesOf } from "./readings.ts";
import type { ServiceReport } from "./target-metrics.ts";

/** A service in `/api/status`. */
export interface ServiceView {
  readonly service: string;
  readonly hosts: readonly string[];
  readonly requests: number;
  /** `{"200": 1200, "503": 3}`; by class where a status has no name, and `none` for requests without an answer. */
  readonly status: Readonly<Record<string, number>>;
  readonly inProgress: number;
  /** Time to the head of recent answers; null before the first. */
  readonly latencyMs: number | null;
  /** Answers with a status from 500, and requests without a whole answer. */
  readonly errors: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly targets: readonly TargetView[];
}

export interface TargetView {
  readonly address: string;
  readonly state: "up" | "partly down" | "down" | "draining";
  readonly active: number;
  readonly total: number;
  readonly failures: number;
  readonly lastError: string | null;
}

/** A listener of the proxy: `https` or `http`. */
export interface ProxyListenerView {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Connections that are open, and at most. */
  readonly open: number;
  readonly peak: number;
  readonly accepted: number;
  /** Connections that a limit kept out. */
  readonly rejected: number;
}

export interface ProxyView {
  readonly listeners: readonly ProxyListenerView[];
  readonly services: readonly ServiceView[];
  /** What belongs to no service: own pages, unknown names, bytes that were no request. */
  readonly other: Pick<ServiceView, "requests" | "status" | "inProgress" | "requestBytes">;
}

const MAX_ERROR_LENGTH = 300;

export function listenerView(name: string, server: Server): ProxyListenerView {
  const { active, peak, accepted, rejected } = server.counts();
  const rejections = Object.values(rejected).reduce((sum, each) => sum + each, 0);
  return { name, address: server.address, port: server.port, open: active, peak, accepted, rejected: rejections };
}

/** What is read of any slot. */
export function requestsView({ row, inProgress }: ServiceReading): ProxyView["other"] {
  const requestBytes = row[Place.requestHeadBytes]! + row[Place.requestBodyBytes]!;
  return { requests: requestsOf(row), status: statusesOf(row), inProgress, requestBytes };
}

export function serviceView(
  reading: ServiceReading,
  hosts: readonly string[],
  reports: readonly ServiceReport[],
): ServiceView {
  const { service, row, recentLatencySeconds } = reading;
  const ended = (index: number) => row[Place.outcomes + index]!;
  const withoutAnswer = Array.from({ length: Place.retries - Place.outcomes }, (_, index) => ended(index)).slice(1);
  return {
    service,
    hosts,
    ...requestsView(reading),
    latencyMs: recentLatencySeconds === 0 ? null : recentLatencySeconds * 1000,
    errors: statusCount(row, STATUS_CLASSES.indexOf("5xx")) + withoutAnswer.reduce((sum, each) => sum + each, 0),
    responseBytes: row[Place.responseHeadBytes]! + row[Place.responseBodyBytes]!,
    targets: targetViews(reports.filter((each) => each.service === service)),
  };
}

function statusCount(row: Float64Array, statusClass: number): number {
  let sum = 0;
  for (let at = Place.requests + statusClass; at < Place.outcomes; at += STATUS_CLASSES.length) sum += row[at]!;
  return sum;
}

function targetViews(reports: readonly ServiceReport[]): TargetView[] {
  const addresses = new Set(reports.flatMap(({ targets }) => targets.map(({ address }) => address)));
  return [...addresses].map((address) => {
    const all = reports.flatMap(({ targets }) => targets.filter((each) => each.address === address));
    const sum = (pick: (each: (typeof all)[number]) => number) => all.reduce((total, each) => total + pick(each), 0);
    const down = all.filter(({ state }) => state === "down").length;
    const last = all.toSorted((one, other) => (other.lastErrorAtMs ?? 0) - (one.lastErrorAtMs ?? 0))[0];
    const state = down === 0 ? "up" : down === all.length ? "down" : "partly down";
    return {
      address,
      state: all.some((each) => each.state === "draining") ? "draining" : state,
      active: sum(({ active }) => active),
      total: sum(({ total }) => total),
      failures: sum(({ failures }) => failures),
      lastError: last?.lastError?.slice(0, MAX_ERROR_LENGTH) ?? null,
    };
  });
}

/**
 * ```text
 * proxy  address      open  accepted/s  rejected
 * https  0.0.0.0:443    12           3         0
 *
 * service  host                targets  requests/s  in flight  errors  received/s  sent/s
 * git      git.home.arpa  1 of 1 up          12          3       0       4 KiB  90 KiB
 * ```
 */
export function proxyTables(look: StatusLook<ProxyView>): StatusTable[] {
  return [...listenerTable(look), ...serviceTable(look)];
}

const right = (title: string, dropOrder?: number) => ({
  title,
  align: "right" as const,
  ...(dropOrder && { dropOrder }),
});

/** Returns a title with its unit: totals, or rates where there is an earlier sample. */
function titles({ before }: StatusLook<ProxyView>) {
  return (title: string) => (before === undefined ? title : `${title}/s`);
}

function listenerTable(look: StatusLook<ProxyView>): StatusTable[] {
  const { view, before } = look;
  if (view.listeners.length === 0) return [];
  const per = titles(look);
  const seconds = before === undefined ? 1 : (look.atMs - before.atMs) / 1000;
  return [
    {
      columns: [
        { title: "proxy" },
        { title: "address" },
        right("open"),
        right(per("accepted"), 1),
        right("rejected", 2),
      ],
      rows: view.listeners.map(({ name, address, open, accepted, rejected }) => {
        const earlier = before?.view.listeners.find((each) => each.name === name)?.accepted ?? 0;
        const since = Math.round(Math.max(0, accepted - earlier) / seconds);
        return [name, address, formatCount(open), formatCount(since), formatCount(rejected)];
      }),
    },
  ];
}

function serviceTable(look: StatusLook<ProxyView>): StatusTable[] {
  const { view, before } = look;
  if (view.services.length === 0) return [];
  const seconds = before === undefined ? 1 : (look.atMs - before.atMs) / 1000;
  const per = titles(look);
  return [
    {
      columns: [
        { title: "service" },
        { title: "host", dropOrder: 3 },
        { title: "targets" },
        right(per("requests")),
        right("in flight"),
        right("errors"),
        right(per("received"), 1),
        right(per("sent"), 2),
      ],
      rows: view.services.map((service) => {
        const earlier = before?.view.services.find((each) => each.service === service.service);
        const since = (pick: (view: ServiceView) => number) =>
          Math.round(earlier === undefined ? pick(service) : Math.max(0, pick(service) - pick(earlier)) / seconds);
        return [
          service.service,
          service.hosts[0] ?? "",
          targetsCell(service.targets),
          formatCount(since(({ requests }) => requests)),
          formatCount(service.inProgress),
          formatCount(service.errors),
          formatBytes(since(({ requestBytes }) => requestBytes)),
          formatBytes(since(({ responseBytes }) => responseBytes)),
        ];
      }),
    },
  ];
}

function targetsCell(targets: readonly TargetView[]): StatusCell {
  if (targets.length === 0) return "tenk itself";
  const up = targets.filter(({ state }) => state === "up").length;
  const text = `${up} of ${targets.length} up`;
  return { text, tone: up === targets.length ? "good" : up === 0 ? "bad" : "warning" };
}
