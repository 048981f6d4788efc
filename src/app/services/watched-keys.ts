/** Keys of `services.NAME.probe` for kinds that are only watched. */
import { z } from "zod";
import { duration, size } from "../../part/mod.ts";

const EXPECTED_ANSWER = "expected data of the answer such as 192.0.2.7, or a list of them";
const data = z.string({ error: EXPECTED_ANSWER }).min(1, EXPECTED_ANSWER).max(1024, EXPECTED_ANSWER);

export const WATCHED_KEYS = {
  answer: z
    .preprocess((value) => (typeof value === "string" ? [value] : value), z.array(data, { error: EXPECTED_ANSWER }))
    .optional(),
  maxAge: duration.optional(),
  minSize: size.optional(),
};
