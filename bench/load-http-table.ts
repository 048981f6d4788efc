import type { Bar } from "./bars.ts";
import { HTTP_GENERATORS } from "./http-generators.ts";
import { UNDER_WAY } from "./http-load.ts";
import {
  type Agreement,
  type Late,
  type Lateness,
  PAUSE_MS,
  PER_SECOND,
  SLOW_EVERY,
  type Spent,
} from "./load-http-visits.ts";
import { type Percentiles, percentilesOf, plannedWaitsUs, servedUs, serviceUs, slowWaitsUs } from "./planned-truth.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { figure, median, type Table, times, withRange } from "./table.ts";

export const CLOSED_CASES = [
  { name: "clear", isTls: false },
  { name: "TLS", isTls: true },
] as const;
export type ClosedCase = (typeof CLOSED_CASES)[number]["name"];

/** All that was measured of one generator; empty where a part does not apply or failed. */
export interface GeneratorResult {
  readonly clear: Spent[];
  readonly TLS: Spent[];
  readonly stalled: Late[];
  readonly slow: Late[];
}
export type LoadHttpResults = ReadonlyMap<string, GeneratorResult>;

const AGREE_PERCENT = 10;
/** CPU a request, to which generator, at most. */
const MOST_COST: readonly (readonly [base: string, most: number])[] = [
  ["wrk", 1.4],
  ["oha", 0.6],
  ["k6", 0.05],
];

export function costTable(results: LoadHttpResults): Table {
  return {
    head: [
      "as fast as answers come",
      ...CLOSED_CASES.flatMap(({ name }) => [
        ...[`${name}: CPU us/request`, "requests a CPU s", "to wrk", "of a core %", "requests/s"],
      ]),
      "MB",
    ],
    rows: [...results]
      .filter(([, of]) => of.clear.length + of.TLS.length > 0)
      .map(([name, of]) => [
        name,
        ...CLOSED_CASES.flatMap((each) => {
          const spent = of[each.name];
          return [
            withRange(spent.map(({ cpuUsPerRequest }) => cpuUsPerRequest)),
            figure(1e6 / middle(spent, ({ cpuUsPerRequest }) => cpuUsPerRequest)),
            times(costRatio(results, name, "wrk", each.name)),
            figure(middle(spent, ({ cpuPercent }) => cpuPercent)),
            figure(middle(spent, ({ perSecond }) => perSecond)),
          ];
        }),
        figure(middle(of.clear, ({ residentBytes }) => residentBytes / 1e6)),
      ]),
  };
}

/** The truth of a run, and what its generator told. */
export interface Judged {
  readonly requests: number;
  readonly told: Percentiles;
  /** Of all requests that were planned. */
  readonly truth: Percentiles;
}
export type JudgedRuns = ReadonlyMap<string, readonly Judged[]>;

/**
 * Holds what each generator told against the truth, by its own server's log. How long an answer takes in any case, and while others
 * wait, is taken from those that send at the rate: the closed ones keep the server busy all the time.
 *
 * @param seconds that a run measures
 */
export function judge(results: LoadHttpResults, lateness: Lateness, seconds: number): JudgedRuns {
  const runs = [...results].map(([name, of]) => ({ name, late: of[lateness], generator: generatorOf(name) }));
  const open = runs.filter(({ generator }) => generator?.isOpen).flatMap(({ late }) => late);
  const logs = (open.length > 0 ? open : runs.flatMap(({ late }) => late)).map(({ log }) => log);
  const service = median(logs.map((log) => serviceUs(log, UNDER_WAY)));
  const way = median(logs.map((log) => percentilesOf(servedUs(log)).p50Us));
  const truthOf = ({ log }: Late, calibrationSeconds: number): Percentiles => {
    const load = { perSecond: PER_SECOND, seconds: seconds + calibrationSeconds };
    if (lateness === "slow") return percentilesOf(slowWaitsUs(load, SLOW_EVERY, PAUSE_MS * 1000, way));
    return percentilesOf(plannedWaitsUs(load, log.stallsUs, service, way));
  };
  return new Map(
    runs
      .filter(({ late }) => late.length > 0)
      .map(({ name, late, generator }) => [
        name,
        late.map((each) => ({
          ...{ requests: each.told.requests, told: each.told },
          truth: truthOf(each, generator?.calibrationSeconds ?? 0),
        })),
      ]),
  );
}

export function lateTable(title: string, judged: JudgedRuns): Table {
  const names = ["p50Us", "p99Us", "p999Us"] as const;
  const off = (of: readonly Judged[], name: (typeof names)[number]) =>
    signed(middle(of, ({ told, truth }) => (told[name] - truth[name]) / 1000));
  return {
    head: [
      ...[title, "p50 ms", "p99 ms", "p99.9 ms", "truth p50", "truth p99", "truth p99.9"],
      ...["p50 off ms", "p99 off ms", "p99 off %", "p99.9 off %", "requests"],
    ],
    rows: [...judged].map(([name, of]) => [
      name,
      ...(["told", "truth"] as const).flatMap((side) =>
        names.map((each) => figure(middle(of, (run) => run[side][each]) / 1000)),
      ),
      ...[off(of, "p50Us"), off(of, "p99Us")],
      ...(["p99Us", "p999Us"] as const).map((each) => awayText(middle(of, (run) => offPercent(run, each)))),
      figure(middle(of, ({ requests }) => requests)),
    ]),
  };
}

export function agreementTable(agreements: readonly Agreement[]): Table {
  return {
    head: ["-t 32 -c 64", "wrk requests/s", "tenk requests/s", "tenk to wrk", "tenk calls itself the limit"],
    rows: agreements.map(({ server, wrkPerSecond, tenkPerSecond, saturation }) => [
      ...[server, figure(wrkPerSecond), figure(tenkPerSecond), times(tenkPerSecond / wrkPerSecond)],
      saturation.length === 0 ? "no" : saturation.join(", "),
    ]),
  };
}

export function loadHttpBars(results: LoadHttpResults, stalled: JudgedRuns, agreements: readonly Agreement[]): Bar[] {
  const away = middle(stalled.get("tenk"), (each) => Math.abs(offPercent(each, "p99Us")));
  const share = middle(stalled.get("wrk"), ({ told, truth }) => told.p99Us / truth.p99Us);
  return [
    ...CLOSED_CASES.flatMap(({ name }) =>
      MOST_COST.map(([base, most]) => ({
        name: `${name}, CPU per request, to ${base}`,
        ...{ most, got: costRatio(results, "tenk", base, name), unit: "x" },
      })),
    ),
    { name: "stalls: tenk's p99 from planned moments, off by", most: 3, got: away, unit: "%" },
    // The comparison was to be with a generator that hides stalls.
    { name: "stalls: wrk's p99, to the truth", most: 0.1, got: share, unit: "x" },
    ...agreements
      .filter(({ limit }) => limit === "server")
      .map(({ server, wrkPerSecond, tenkPerSecond }) => ({
        name: `${server}: requests/s, tenk and wrk differ by`,
        ...{ most: AGREE_PERCENT, got: Math.abs(tenkPerSecond / wrkPerSecond - 1) * 100, unit: "%" },
      })),
  ];
}

export function loadHttpRemarks(results: LoadHttpResults, agreements: readonly Agreement[]): string[] {
  const beyond = CLOSED_CASES.flatMap(({ name }) =>
    MOST_COST.filter(([base, most]) => base !== "wrk" && isAbove(costRatio(results, "wrk", base, name), most)).map(
      ([base, most]) =>
        `${name}: wrk, in C, takes ${times(costRatio(results, "wrk", base, name))} ${base}: a bar of ${figure(most)} x is below that`,
    ),
  );
  const said = agreements.flatMap(({ server, limit, saturation }) => {
    if (limit === "generator" && saturation.length === 0) return [`${server}: tenk was the limit and did not say so`];
    if (limit === "server" && saturation.length > 0)
      return [`${server}: tenk calls itself the limit, and the server was`];
    return [];
  });
  return [...beyond, ...said];
}

function isAbove(ratio: number, most: number): boolean {
  return Number.isFinite(ratio) && ratio > most;
}

function generatorOf(name: string) {
  return HTTP_GENERATORS.find((generator) => generator.name === name);
}

function offPercent({ told, truth }: Judged, name: "p99Us" | "p999Us"): number {
  return (told[name] / truth[name] - 1) * 100;
}

/** As a percentage, or as a multiple where that says more. */
function awayText(percent: number): string {
  return percent < 1000 ? signed(percent) : `${figure(percent / 100 + 1)} x`;
}

function signed(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return `${value < 0 ? "-" : "+"}${figure(Math.abs(value))}`;
}

function costRatio(results: LoadHttpResults, name: string, base: string, of: ClosedCase): number {
  const cost = (each: string) => (results.get(each)?.[of] ?? []).map(({ cpuUsPerRequest }) => cpuUsPerRequest);
  return pairedRatio(cost(name), cost(base));
}
