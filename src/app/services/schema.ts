import { z } from "zod";
import { parseCount } from "../../base/mod.ts";
import { addresses, inRange, oneOf, onOff, quantity, section, size, text } from "../../part/mod.ts";
import { BALANCES } from "../../targets/mod.ts";
import { SERVICE_ABOUT } from "./about.ts";
import { withDefaults } from "./defaults.ts";
import { anyTarget, fieldName, hostName, serviceHost, serviceName, urlPath } from "./fields.ts";
import { serviceProbe } from "./probe-section.ts";
import { problemsOf } from "./rules.ts";
import * as sections from "./sections.ts";

const EXPECTED_HOSTS = "expected a list of names such as [git.home.arpa]";
const EXPECTED_PATHS = "expected a path such as /api, or a list of paths";

/** A service as it is written; everything is optional, and `rules.ts` says what goes with what. */
const written = section(
  {
    target: anyTarget.optional(),
    targets: sections.targets.optional(),
    respond: sections.respond.optional(),
    redirect: sections.redirect.optional(),
    root: sections.root.optional(),
    kind: text("a kind such as http or redis").optional(),
    hosts: z.array(serviceHost, { error: EXPECTED_HOSTS }).min(1, EXPECTED_HOSTS).optional(),
    proxy: onOff.optional(),
    dns: onOff.optional(),
    probe: serviceProbe,
    after: text("the name of another service").optional(),
    group: text("a heading such as Media").max(64, "expected a heading of at most 64 characters").optional(),
    path: z
      .preprocess(
        (value) => (typeof value === "string" ? [value] : value),
        z.array(urlPath, { error: EXPECTED_PATHS }).min(1, EXPECTED_PATHS),
      )
      .meta({ short: { single: true } })
      .optional(),
    strip: onOff.optional(),
    plainHttp: sections.plainHttp.optional(),
    protocol: oneOf("auto", "http1", "http2").optional(),
    balance: oneOf(...BALANCES).optional(),
    hashHeader: fieldName.optional(),
    sticky: sections.sticky,
    attempts: quantity("a number from 1", (given) => inRange(parseCount(given), 1, 1000)).optional(),
    health: sections.health.optional(),
    limits: sections.limits.optional(),
    timeouts: sections.timeouts.optional(),
    tls: sections.targetTls.optional(),
    maxBody: size.optional(),
    headers: sections.headers.optional(),
    auth: sections.auth.meta({ guard: true }).optional(),
    allow: addresses.meta({ guard: true }).optional(),
    compress: onOff.optional(),
    hsts: sections.hsts,
  },
  SERVICE_ABOUT,
);

/** The keys that a service may have. */
export const SERVICE_KEYS = Object.keys(written.shape);

export type WrittenService = z.output<typeof written>;

/** `name: target`, or `name: { target, hosts, … }`. */
export const SERVICE_SCHEMA = z
  .preprocess(
    (value) => (typeof value === "object" && value !== null ? value : { target: value }),
    written
      .superRefine((given, context) => {
        for (const { path, message } of problemsOf(given)) context.addIssue({ code: "custom", path, message });
      })
      .transform(withDefaults),
  )
  .meta({ short: { key: "target" } });

export const SERVICES_SCHEMA = z
  .record(serviceName, SERVICE_SCHEMA, { error: "expected services by name" })
  .superRefine((services, context) => {
    for (const [name, { after }] of Object.entries(services)) {
      if (after === undefined || (after !== name && Object.hasOwn(services, after))) continue;
      const message = `expected the name of another service, such as ${Object.keys(services).find((each) => each !== name) ?? "router"}`;
      context.addIssue({ code: "custom", path: [name, "after"], message });
    }
  })
  .prefault({});
export const DOMAIN_SCHEMA = hostName.optional();
