import type { Bar } from "./bars.ts";
import { GENERATORS } from "./dns-generators.ts";
import { LIST_NAMES, type ListName, MIXES, type Mix } from "./dns-names.ts";
import type { DnsResult, DnsResults, Stretch } from "./dns-results.ts";
import { middle, pairedRatio } from "./rounds.ts";
import { figure, type Table, times, withRange } from "./table.ts";

const PEERS = ["tenk", "dnsmasq", "unbound", "coredns"] as const;

/** CPU an answer, to which server, at most. */
const MOST_CPU: readonly (readonly [base: string, most: Readonly<Record<Mix, number>>])[] = [
  ["dnsmasq", { cached: 0.77, blocked: 0.67, local: 0.77 }],
  ["unbound", { cached: 1, blocked: 1, local: 1 }],
  ["coredns", { cached: 0.45, blocked: 0.45, local: 0.45 }],
];
const MOST_P99_MS = 1;
const MOST_P99_TO_UNBOUND = 2;
const MOST_MILLION_MB = 65;
const MOST_START_MS = 100;
const MOST_PEAK = 1.05;

export function dnsTables(results: DnsResults): Table[] {
  return [cpuTable(results), latencyTable(results), listTable(results), generatorTable(results)];
}

/** The stretches of one server that are alike, in the order of the rounds. */
function those(
  result: DnsResult | undefined,
  mix: Stretch["mix"],
  isSaturated: boolean,
  generator?: string,
): Stretch[] {
  const all = result?.stretches ?? [];
  return all.filter(
    (each) => each.mix === mix && each.isSaturated === isSaturated && (generator ?? each.generator) === each.generator,
  );
}

function rowsOf(results: DnsResults, row: (list: ListName, name: string, result: DnsResult) => string[]): string[][] {
  return LIST_NAMES.flatMap((list) =>
    PEERS.flatMap((name) => {
      const result = results.get(`${list} ${name}`);
      return result === undefined ? [] : [[`${name}, ${list}`, ...row(list, name, result)]];
    }),
  );
}

/** At saturation under dnsperf, at the rate under tenk: in every mix. */
function costs(result: DnsResult | undefined, mix: Mix, isSaturated: boolean): number[] {
  return those(result, mix, isSaturated, isSaturated ? "dnsperf" : "tenk").map((each) => each.cpuUsPerAnswer);
}

function cpuTable(results: DnsResults): Table {
  return {
    head: [
      "CPU us/answer",
      ...MIXES.map((mix) => `${mix}, saturated`),
      ...MIXES.map((mix) => `${mix}, 20000/s`),
      "forwarded, 5000/s",
    ],
    rows: rowsOf(results, (_list, _name, result) => [
      ...[true, false].flatMap((isSaturated) => MIXES.map((mix) => withRange(costs(result, mix, isSaturated)))),
      withRange(those(result, "forwarded", false).map((each) => each.cpuUsPerAnswer)),
    ]),
  };
}

function latencyTable(results: DnsResults): Table {
  const both = (stretches: readonly Stretch[]) =>
    `${figure(middle(stretches, ({ p50Us }) => p50Us / 1000))} / ${figure(middle(stretches, ({ p99Us }) => p99Us / 1000))}`;
  return {
    head: ["p50 / p99 ms from planned moments", ...MIXES.map((mix) => `${mix}, 20000/s`), "forwarded, 5000/s", "lost"],
    rows: rowsOf(results, (_list, _name, result) => [
      ...MIXES.map((mix) => both(those(result, mix, false, "tenk"))),
      both(those(result, "forwarded", false)),
      String(lostOf(result)),
    ]),
  };
}

function lostOf({ stretches }: DnsResult): number {
  return stretches.filter(({ isSaturated }) => !isSaturated).reduce((sum, { lost }) => sum + lost, 0);
}

function listTable(results: DnsResults): Table {
  return {
    head: ["lists", "memory MB", "start to first blocked answer ms", "lists read again ms", "memory meanwhile"],
    rows: rowsOf(results, (_list, _name, { loaded, rereads }) => [
      figure(loaded.residentBytes / 1e6),
      figure(loaded.startMs),
      figure(middle(rereads, ({ tookMs }) => tookMs)),
      times(middle(rereads, ({ peak }) => peak)),
    ]),
  };
}

/** What the generators cost, over all servers: the side that asks. */
function generatorTable(results: DnsResults): Table {
  const all = [...results.values()].flatMap(({ stretches }) => stretches).filter(({ mix }) => mix === "cached");
  const of = (generator: string, isSaturated: boolean) =>
    all.filter((each) => each.generator === generator && each.isSaturated === isSaturated);
  return {
    head: ["generators", "CPU us/query, saturated", "queries/s", "CPU us/query, 20000/s"],
    rows: GENERATORS.map((name) => [
      name === "tenk" ? "tenk load dns" : name,
      figure(middle(of(name, true), ({ cpuUsPerQuery }) => cpuUsPerQuery)),
      figure(middle(of(name, true), ({ perSecond }) => perSecond)),
      figure(middle(of(name, false), ({ cpuUsPerQuery }) => cpuUsPerQuery)),
    ]),
  };
}

export function dnsBars(results: DnsResults): Bar[] {
  const tenk = results.get("house tenk");
  const million = results.get("million tenk");
  const p99 = (name: string, mix: Mix) =>
    those(results.get(`house ${name}`), mix, false, "tenk").map(({ p99Us }) => p99Us / 1000);
  const peak = middle([...(tenk?.rereads ?? []), ...(million?.rereads ?? [])], (each) => each.peak);
  return [
    ...MOST_CPU.flatMap(([base, most]) =>
      [true, false].flatMap((isSaturated) =>
        MIXES.map((mix) => ({
          name: `${mix}, ${isSaturated ? "saturated" : "20000/s"}: CPU an answer, to ${base}`,
          most: most[mix],
          got: pairedRatio(costs(tenk, mix, isSaturated), costs(results.get(`house ${base}`), mix, isSaturated)),
          unit: "x",
        })),
      ),
    ),
    ...MIXES.flatMap((mix) => [
      { name: `${mix}, 20000/s: p99`, most: MOST_P99_MS, got: middle(p99("tenk", mix), Number), unit: "ms" },
      {
        name: `${mix}, 20000/s: p99, to unbound`,
        most: MOST_P99_TO_UNBOUND,
        got: pairedRatio(p99("tenk", mix), p99("unbound", mix)),
        unit: "x",
      },
    ]),
    { name: "queries lost at 20000/s", most: 0, got: tenk === undefined ? Number.NaN : lostOf(tenk), unit: "" },
    { name: "memory with a million names", most: MOST_MILLION_MB, got: megabytes(million), unit: "MB" },
    { name: "start to first blocked answer", most: MOST_START_MS, got: tenk?.loaded.startMs ?? Number.NaN, unit: "ms" },
    { name: "memory while lists are read again", most: MOST_PEAK, got: peak, unit: "x" },
  ];
}

function megabytes(result: DnsResult | undefined): number {
  return (result?.loaded.residentBytes ?? Number.NaN) / 1e6;
}

/** Where a server costs otherwise under one generator than under the other. */
export function dnsRemarks(results: DnsResults): string[] {
  return [...results].flatMap(([name, result]) => {
    const [dnsperf = Number.NaN, tenk = Number.NaN] = GENERATORS.map((generator) =>
      middle(those(result, "cached", false, generator), ({ cpuUsPerAnswer }) => cpuUsPerAnswer),
    );
    const ratio = tenk / dnsperf;
    if (!(Math.abs(Math.log(ratio)) > Math.log(AGREE))) return [];
    return [`${name}: a cached answer at 20000/s costs ${times(ratio)} as much under tenk load dns as under dnsperf`];
  });
}

const AGREE = 1.25;
