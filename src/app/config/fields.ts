/** Fields of `dashboard:` and `push:`. */
import { z } from "zod";
import { text } from "../../part/mod.ts";

const EXPECTED_PATH = "expected a path such as /tenk/";

/** Begins and ends with `/` after parsing. */
export const basePath = z
  .string({ error: EXPECTED_PATH })
  .regex(/^\/([A-Za-z0-9._~-]+\/)*([A-Za-z0-9._~-]+)?$/, EXPECTED_PATH)
  .max(200, EXPECTED_PATH)
  .refine((path) => !/\/\.\.?(\/|$)/.test(path), EXPECTED_PATH)
  .transform((path) => (path.endsWith("/") ? path : `${path}/`));

export const EXPECTED_ANCESTORS = "expected a list of origins such as https://home.example:8123, or self";

/** An origin whose pages may show the dashboard in a frame, as `frame-ancestors` has it. */
export const frameAncestor = z
  .string({ error: EXPECTED_ANCESTORS })
  .regex(
    /^('?self'?|https?:\/\/(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:(\d{1,5}|\*))?\/?)$/,
    EXPECTED_ANCESTORS,
  )
  .transform((origin) => (/^'?self'?$/.test(origin) ? "'self'" : origin.toLowerCase().replace(/\/$/, "")));

const EXPECTED_LABEL = "expected a label's name such as site: letters, digits and _, no digit first, not __ first";

/** Labels of all pushed series, as Prometheus accepts them. */
export const pushLabels = z
  .record(z.string().regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]{0,99}$/, EXPECTED_LABEL), text("a label's value").max(500), {
    error: (issue) => (issue.code === "invalid_key" ? EXPECTED_LABEL : "expected labels by name"),
  })
  .refine((labels) => Object.keys(labels).length <= 30, "expected at most 30 labels");
