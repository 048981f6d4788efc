import { z } from "zod";
import { parseCount, parseDuration } from "../base/mod.ts";
import { duration, inRange, list, oneOf, quantity, SWITCH, section, sectionOrTrue, text } from "../part/mod.ts";
import { ALERTS_ABOUT, FLAPPING_ABOUT, MAINTENANCE_ABOUT, QUIET_ABOUT, RULE_ABOUT } from "./about.ts";
import { CHANNEL_SCHEMA } from "./channel-config.ts";
import { LocalTime, parseSchedule } from "./time/mod.ts";

const HOUR_MS = 3_600_000;
const between = (expected: string, least: number, most: number) =>
  quantity(`a duration from ${expected}`, (given) => inRange(parseDuration(given), least, most)).meta({ unit: "ms" });
const number = (least: number, most: number) =>
  quantity(`a number from ${least} to ${most}`, (given) => inRange(parseCount(given), least, most));

const EXPECTED_SCHEDULE = "expected a schedule such as 22:00-07:00, Sun 03:00-04:00 or Mon-Fri 23:00-06:00";
const schedule = z
  .string({ error: EXPECTED_SCHEDULE })
  .refine((given) => isRight(() => parseSchedule(given)), EXPECTED_SCHEDULE);

const CHANNEL_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
const name = z.string().regex(CHANNEL_NAME, "expected a name of up to 40 letters, digits, - and _");

/** `true`, `false`, `critical`, or a section. */
const rule = z
  .preprocess(
    (given) =>
      given === false ? { severity: "none" } : given === true ? {} : given === "critical" ? { severity: given } : given,
    section(
      {
        severity: oneOf("warning", "critical", "none").default("warning"),
        for: between("0s to 24h", 0, 24 * HOUR_MS).optional(),
        to: list("names of channels").optional(),
      },
      RULE_ABOUT,
    ),
  )
  .meta({ short: { words: [true, false, "critical"] } });
const ruleName = z
  .string()
  .regex(/^[^\s]{1,200}$/, "expected the beginning of a problem's key, such as service, service/git or box/disk");

const alerts = section(
  {
    channels: z.record(name, CHANNEL_SCHEMA, { error: "expected channels by name" }).prefault({}),
    when: z.record(ruleName, rule, { error: "expected rules by the beginning of a problem's key" }).prefault({}),
    /** Of this box, in titles. @default the host's */
    name: text("a name").max(60, "expected at most 60 characters").optional(),
    /** Page that messages lead to. */
    pageUrl: text("an address")
      .regex(/^https?:\/\/\S+$/, "expected an address that begins with http:// or https://")
      .optional(),
    timeZone: z
      .string({ error: "expected a time zone such as Europe/Berlin" })
      .refine((zone) => isRight(() => new LocalTime(zone)), "expected a time zone such as Europe/Berlin")
      .optional(),
    gather: between("0s to 10m", 0, 600_000).default(10_000),
    repeat: duration.default(0),
    quiet: sectionOrTrueText(),
    settle: between("0s to 1h", 0, HOUR_MS).default(60_000),
    flapping: sectionOrTrue(
      section(
        {
          times: number(1, 100).default(4),
          within: between("1m to 24h", 60_000, 24 * HOUR_MS).default(HOUR_MS),
          calm: between("1m to 24h", 60_000, 24 * HOUR_MS).default(900_000),
        },
        FLAPPING_ABOUT,
      ),
    ).prefault({}),
    timeout: between("1s to 2m", 1000, 120_000).default(15_000),
    maxBackoff: between("1s to 1h", 1000, HOUR_MS).default(300_000),
    maxIncidents: number(10, 10_000).default(1000),
    maintenance: z
      .array(
        section(
          {
            services: list("names of services, or all"),
            schedule,
            reason: text("a reason").max(200, "expected at most 200 characters").optional(),
          },
          MAINTENANCE_ABOUT,
        ),
        {
          error: "expected a list of sections with services and schedule",
        },
      )
      .max(100, "expected at most 100 schedules")
      .prefault([]),
  },
  ALERTS_ABOUT,
);

/** Quiet hours as a text, or as a section. */
function sectionOrTrueText() {
  return z
    .preprocess(
      (given) => (typeof given === "string" ? { hours: given } : given === false ? undefined : given),
      section(
        { hours: schedule, critical: z.boolean({ error: "expected true or false" }).default(true) },
        QUIET_ABOUT,
      ).optional(),
    )
    .meta({ short: { key: "hours", words: [false] } });
}

/** The `alerts:` section; undefined where it is off. */
export const ALERTS_SCHEMA = z
  .preprocess(
    (value) => (value === false || value === "off" ? undefined : value === true ? {} : (value ?? undefined)),
    alerts.optional(),
  )
  .meta({ short: SWITCH })
  .prefault({});

export type AlertsConfig = NonNullable<z.output<typeof ALERTS_SCHEMA>>;

function isRight(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
