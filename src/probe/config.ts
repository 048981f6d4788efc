import { z } from "zod";
import { parseCount, parseDuration } from "../base/mod.ts";
import { inRange, quantity, section } from "../part/mod.ts";

const HOUR_MS = 3_600_000;
const between = (expected: string, least: number, most: number) =>
  quantity(`a duration from ${expected}`, (given) => inRange(parseDuration(given), least, most)).meta({ unit: "ms" });
const number = (least: number, most: number) =>
  quantity(`a number from ${least} to ${most}`, (given) => inRange(parseCount(given), least, most));

const retries = z
  .array(between("100ms to 1h", 100, HOUR_MS), { error: "expected a list of durations such as [5s, 10s]" })
  .max(10, "expected at most 10 durations");

const probe = section({
  interval: between("1s to 24h", 1000, 24 * HOUR_MS).default(30_000),
  timeout: between("100ms to 1m", 100, 60_000).default(5000),
  /** An answer that takes longer is slow. */
  slow: between("1ms to 1m", 1, 60_000).default(2000),
  retries: retries.default([5000, 10_000]),
  successes: number(1, 10).default(2),
  maxStarting: between("1s to 24h", 1000, 24 * HOUR_MS).default(300_000),
  certificateDays: number(0, 365).default(7),
});

/** The `probe:` section; undefined where it is off. */
export const PROBE_SCHEMA = z
  .preprocess(
    (value) => (value === false || value === "off" ? undefined : value === true ? {} : (value ?? undefined)),
    probe.optional(),
  )
  .prefault({});

export type ProbeConfig = NonNullable<z.output<typeof PROBE_SCHEMA>>;
