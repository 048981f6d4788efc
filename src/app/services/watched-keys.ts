/** Keys of `services.NAME.probe` for kinds that are only watched. */
import { z } from "zod";
import { parseDuration } from "../../base/mod.ts";
import { duration, inRange, quantity, size } from "../../part/mod.ts";

const EXPECTED_ANSWER = "expected data of the answer such as 192.0.2.7, or a list of them";
const EXPECTED_SCHEDULE = "expected a line of a cron table such as '0 3 * * *'";
const EXPECTED_ZONE = "expected a time zone such as Europe/Berlin";
const HOUR_MS = 3_600_000;

const between = (expected: string, least: number, most: number) =>
  quantity(`a duration from ${expected}`, (given) => inRange(parseDuration(given), least, most)).meta({ unit: "ms" });
const data = z.string({ error: EXPECTED_ANSWER }).min(1, EXPECTED_ANSWER).max(1024, EXPECTED_ANSWER);

export const WATCHED_KEYS = {
  answer: z
    .preprocess((value) => (typeof value === "string" ? [value] : value), z.array(data, { error: EXPECTED_ANSWER }))
    .meta({ short: { single: true } })
    .optional(),
  every: between("1m to 366d", 60_000, 366 * 24 * HOUR_MS).optional(),
  schedule: z.string({ error: EXPECTED_SCHEDULE }).max(200, EXPECTED_SCHEDULE).optional(),
  timeZone: z
    .string({ error: EXPECTED_ZONE })
    .regex(/^[A-Za-z0-9_+/-]{1,64}$/, EXPECTED_ZONE)
    .optional(),
  grace: between("1s to 366d", 1000, 366 * 24 * HOUR_MS).optional(),
  maxRun: between("1s to 366d", 1000, 366 * 24 * HOUR_MS).optional(),
  maxAge: duration.optional(),
  minSize: size.optional(),
};
