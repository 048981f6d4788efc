import { percentile } from "./table.ts";

/** Latencies as a generator told them. */
export interface Told {
  readonly requests: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

/** Reads the line of JSON that our own scripts for wrk and k6 print. */
export function fromJsonLine(lines: readonly string[]): Told {
  return JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "{}") as Told;
}

/** Reads the report of `tenk load http --json`: from planned moments, which are those of sending in the closed model. */
export function fromTenk(lines: readonly string[]): Told {
  const { messages, latencyUs } = JSON.parse(lines.join("\n")) as {
    messages: { answered: number };
    latencyUs: { message: { p50: number; p99: number; p999: number } };
  };
  const { p50, p99, p999 } = latencyUs.message;
  return { requests: messages.answered, p50Us: p50, p99Us: p99, p999Us: p999 };
}

const UNIT_US: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, m: 6e7 };

/** Reads the lines ` 99.000%  450.05ms` of wrk2, which are from planned moments. */
export function fromWrk2(lines: readonly string[]): Told {
  const at = (percent: string) => {
    const pattern = new RegExp(`^\\s*${percent}0+%\\s+([\\d.]+)(us|ms|s|m)\\s*$`);
    const [, value, unit] = lines.map((line) => pattern.exec(line)).find((found) => found !== null) ?? [];
    return Number(value) * (UNIT_US[unit ?? ""] ?? Number.NaN);
  };
  const requests = Number(/(\d+) requests in/.exec(lines.join("\n"))?.[1] ?? 0);
  return { requests, p50Us: at("50\\."), p99Us: at("99\\."), p999Us: at("99\\.9") };
}

/** Reads oha's JSON. */
export function fromOha(lines: readonly string[]): Told {
  const { latencyPercentiles: at, statusCodeDistribution } = JSON.parse(lines.join("\n")) as {
    latencyPercentiles: Record<string, number>;
    statusCodeDistribution: Record<string, number>;
  };
  const us = (name: string) => (at[name] ?? Number.NaN) * 1e6;
  return { requests: statusCodeDistribution["200"] ?? 0, p50Us: us("p50"), p99Us: us("p99"), p999Us: us("p99.9") };
}

/** Computes percentiles from hey's line for each request, as its summary ends with p99. */
export function fromHeyCsv(lines: readonly string[]): Told {
  const timesUs = lines.map((line) => Number.parseFloat(line) * 1e6).filter((us) => !Number.isNaN(us));
  const at = (share: number) => percentile(timesUs, share);
  return { requests: timesUs.length, p50Us: at(0.5), p99Us: at(0.99), p999Us: at(0.999) };
}
