import { z } from "zod";
import { type Defined, parseCount, parseDuration, withoutUndefined } from "../base/mod.ts";
import { inRange, quantity, type Service, type ServiceProbe, SWITCH, section } from "../part/mod.ts";
import { PROBE_ABOUT, PROBE_HISTORY_ABOUT, PROBE_PUSH_ABOUT } from "./about.ts";

const HOUR_MS = 3_600_000;
const between = (expected: string, least: number, most: number) =>
  quantity(`a duration from ${expected}`, (given) => inRange(parseDuration(given), least, most)).meta({ unit: "ms" });
const number = (least: number, most: number) =>
  quantity(`a number from ${least} to ${most}`, (given) => inRange(parseCount(given), least, most));

/** When a service is probed and what its answers count; also in `services.NAME.probe`, for one service. */
const times = {
  interval: between("1s to 24h", 1000, 24 * HOUR_MS),
  timeout: between("100ms to 1m", 100, 60_000),
  /** An answer that takes longer is slow. */
  slow: between("1ms to 1m", 1, 60_000),
  retries: z
    .array(between("100ms to 1h", 100, HOUR_MS), { error: "expected a list of durations such as [5s, 10s]" })
    .max(10, "expected at most 10 durations"),
  successes: number(1, 10),
  maxStarting: between("1s to 24h", 1000, 24 * HOUR_MS),
  certificateDays: number(0, 365),
};

const probe = section(
  {
    interval: times.interval.default(30_000),
    timeout: times.timeout.default(5000),
    slow: times.slow.default(2000),
    retries: times.retries.default([5000, 10_000]),
    successes: times.successes.default(2),
    maxStarting: times.maxStarting.default(300_000),
    certificateDays: times.certificateDays.default(7),
    push: section(
      {
        /** Characters that are kept of what a job sends. */
        message: number(0, 65_536).default(1024),
        /** Calls of one job at once; further ones come to one a second. */
        burst: number(1, 1000).default(10),
      },
      PROBE_PUSH_ABOUT,
    ).prefault({}),
    /** After the start of the machine, what does not answer is starting for so long. */
    bootGrace: between("0 to 1h", 0, HOUR_MS).default(180_000),
    history: section(
      {
        /** How long changes and days are kept. */
        days: number(1, 90).default(90),
        /** Changes of one service that are kept. */
        changes: number(10, 10_000).default(500),
        /** Services that are kept, with those that are no longer declared. */
        services: number(10, 10_000).default(1000),
        /** From one write to the next while nothing changes. */
        write: between("10s to 1h", 10_000, HOUR_MS).default(600_000),
      },
      PROBE_HISTORY_ABOUT,
    ).prefault({}),
  },
  PROBE_ABOUT,
);

/** The same without defaults: what one service has of its own. */
export const PROBE_TIMES = {
  interval: times.interval.optional(),
  timeout: times.timeout.optional(),
  slow: times.slow.optional(),
  retries: times.retries.optional(),
  successes: times.successes.optional(),
  maxStarting: times.maxStarting.optional(),
  certificateDays: times.certificateDays.optional(),
};

/** The `probe:` section; undefined where it is off. */
export const PROBE_SCHEMA = z
  .preprocess(
    (value) => (value === false || value === "off" ? undefined : value === true ? {} : (value ?? undefined)),
    probe.optional(),
  )
  .meta({ short: SWITCH })
  .prefault({});

/** Returns the settings of one service: its own, else those of all. Undefined where it is not probed. */
export function settingsOf({ probe: own }: Service, config: ProbeConfig): ProbeSettings | undefined {
  return own && { ...config, ...withoutUndefined({ ...own, retries: own.retries?.slice() }) };
}

export type ProbeSettings = ProbeConfig & Defined<Omit<ServiceProbe, keyof ProbeConfig>>;

export type ProbeConfig = NonNullable<z.output<typeof PROBE_SCHEMA>>;
