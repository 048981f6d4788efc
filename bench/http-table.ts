import type { Bar } from "./bars.ts";
import { type Load, UNDER_WAY } from "./http-load.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { figure, type Table, times, withRange } from "./table.ts";

/** One kind of request over one protocol. */
export interface Case {
  readonly name: string;
  readonly isTls: boolean;
  readonly isHttp2: boolean;
  readonly path: string;
}

const KINDS = [
  { kind: "100 B", path: "/small" },
  { kind: "100 KB", path: "/large" },
  { kind: "static", path: "/static" },
];

export const CASES: readonly Case[] = [
  { protocol: "clear", isTls: false, isHttp2: false },
  { protocol: "TLS", isTls: true, isHttp2: false },
  { protocol: "HTTP/2", isTls: true, isHttp2: true },
].flatMap(({ protocol, ...how }) => KINDS.map(({ kind, path }) => ({ name: `${protocol} ${kind}`, ...how, path })));

export interface Spent extends Load {
  readonly serverMs: number;
  readonly tookMs: number;
}

export interface HttpRound {
  /** By the case's name. */
  readonly spent: Readonly<Record<string, Spent>>;
  /** TLS, proxied 100 B, at the fixed rate. */
  readonly atRate: { readonly p50Us: number; readonly p99Us: number; readonly p999Us: number };
  readonly events: { readonly count: number; readonly p50Us: number; readonly p99Us: number };
  /** Resident memory after the load. */
  readonly residentBytes: number;
  /** Constant over the rounds, as `slow`. */
  readonly idle: { readonly residentBytes: number; readonly bytesPerConnection: number };
  /** By how much memory grew, at most, while a slow peer was waited for. */
  readonly slow: { readonly downBytes: number; readonly upBytes: number };
}

export type HttpResults = ReadonlyMap<string, readonly HttpRound[]>;

const MB = 1e6;
const MIB = 2 ** 20;

/** @param mib that the slow peer had to take */
export function httpTables(results: HttpResults, mib: number): Table[] {
  return [cpuTable(results), rateTable(results), waitTable(results, mib)];
}

function cpuTable(results: HttpResults): Table {
  return {
    head: ["CPU us/request", ...CASES.map(({ name }) => name)],
    rows: [...results].map(([name, of]) => [
      name,
      ...CASES.map((each) => withRange(of.map((round) => cpuUs(round, each.name)))),
    ]),
  };
}

function rateTable(results: HttpResults): Table {
  return {
    head: ["requests per CPU s, to nginx", ...CASES.map(({ name }) => name)],
    rows: [...results].map(([name, of]) => [
      name,
      ...CASES.map((each) => {
        const perCpuSecond = 1e6 / middle(of, (round) => cpuUs(round, each.name));
        return `${figure(perCpuSecond)} / ${times(1 / ratio(results, name, "nginx", (round) => cpuUs(round, each.name)))}`;
      }),
    ]),
  };
}

function waitTable(results: HttpResults, mib: number): Table {
  return {
    head: [
      ...["proxy", "p50 / p99 / p99.9 ms", "event p50 / p99 ms", "idle MB", "loaded MB", "idle TLS B/connection"],
      ...[`${mib} MiB down, MiB`, `${mib} MiB up, MiB`],
    ],
    rows: [...results].map(([name, of]) => {
      const ms = (pick: (round: HttpRound) => number) => figure(middle(of, pick) / 1000);
      return [
        name,
        [ms(({ atRate }) => atRate.p50Us), ms(({ atRate }) => atRate.p99Us), ms(({ atRate }) => atRate.p999Us)].join(
          " / ",
        ),
        `${ms(({ events }) => events.p50Us)} / ${ms(({ events }) => events.p99Us)}`,
        figure(middle(of, ({ idle }) => idle.residentBytes / MB)),
        figure(middle(of, ({ residentBytes }) => residentBytes / MB)),
        figure(middle(of, ({ idle }) => idle.bytesPerConnection)),
        figure(middle(of, ({ slow }) => slow.downBytes / MIB)),
        figure(middle(of, ({ slow }) => slow.upBytes / MIB)),
      ];
    }),
  };
}

/** CPU a request, to which peer, at most: a bar of "twice the requests per CPU second" is a half here. */
const CPU_BARS: readonly [name: string, base: string, most: number][] = [
  ["TLS 100 B", "nginx", 1],
  ["TLS 100 B", "caddy", 1 / 3],
  ["TLS 100 B", "caddy-new", 1 / 3],
  ["clear 100 B", "nginx", 1 / 0.85],
  ["TLS 100 KB", "nginx", 1 / 1.5],
  ["TLS static", "nginx", 1 / 0.9],
  ["TLS static", "caddy", 1 / 2],
  ["TLS static", "caddy-new", 1 / 2],
  ["HTTP/2 100 B", "nginx", 1 / 1.2],
  ["HTTP/2 100 B", "caddy", 1 / 6],
  ["HTTP/2 100 B", "caddy-new", 1 / 6],
];

export function httpBars(results: HttpResults, mib: number): Bar[] {
  const own = results.get("tenk");
  return [
    ...CPU_BARS.map(([name, base, most]) => ({
      name: `${name}, CPU per request, to ${base}`,
      ...{ most, got: ratio(results, "tenk", base, (round) => cpuUs(round, name)), unit: "x" },
    })),
    {
      name: "p99 at the fixed rate, to nginx",
      ...{ most: 1.2, got: ratio(results, "tenk", "nginx", ({ atRate }) => atRate.p99Us), unit: "x" },
    },
    {
      name: "resident memory after the load",
      ...{ most: 80, got: middle(own, ({ residentBytes }) => residentBytes / MB), unit: "MB" },
    },
    {
      name: "an idle TLS connection",
      ...{ most: 8192, got: middle(own, ({ idle }) => idle.bytesPerConnection), unit: "B" },
    },
    { name: "event, p50", most: 1, got: middle(own, ({ events }) => events.p50Us / 1000), unit: "ms" },
    ...(["down", "up"] as const).map((way) => ({
      name: `${mib} MiB ${way} through a slow peer`,
      ...{ most: 8, got: middle(own, ({ slow }) => slow[`${way}Bytes`] / MIB), unit: "MiB" },
    })),
  ];
}

export function httpRemarks(results: HttpResults): string[] {
  return [...results].flatMap(([name, of]) =>
    CASES.flatMap((each) => {
      const failed = of.reduce((total, { spent }) => total + spent[each.name]!.failed, 0);
      const leastRequests = Math.min(...of.map(({ spent }) => spent[each.name]!.requests));
      return [
        ...(failed > 0 ? [`${name}, ${each.name}: ${failed} requests failed`] : []),
        ...(leastRequests < UNDER_WAY ? [`${name}, ${each.name}: only ${leastRequests} requests in a round`] : []),
      ];
    }),
  );
}

function ratio(results: HttpResults, name: string, base: string, of: (round: HttpRound) => number): number {
  return pairedRatio((results.get(name) ?? []).map(of), (results.get(base) ?? []).map(of));
}

function cpuUs({ spent }: HttpRound, name: string): number {
  const { serverMs, requests } = spent[name]!;
  return (serverMs * 1000) / requests;
}
