import { z } from "zod";
import { processLimits } from "../../limits/mod.ts";
import { addresses, duration, hostAndPort, oneOf, onOff, section, text } from "../../part/mod.ts";
import { BOX_SCHEMA } from "../box/mod.ts";
import { CERTIFICATES_SCHEMA } from "../certificates/mod.ts";
import { PART_SCHEMAS, type PartSchemas } from "../part-list.ts";
import { DOMAIN_SCHEMA, SERVICES_SCHEMA } from "../services/mod.ts";
import {
  DASHBOARD_ABOUT,
  DATA_ABOUT,
  LOG_ABOUT,
  PUSH_ABOUT,
  ROOT_ABOUT,
  SHUTDOWN_ABOUT,
  UPGRADE_ABOUT,
} from "./about.ts";
import { basePath, EXPECTED_ANCESTORS, frameAncestor, pushLabels } from "./fields.ts";
import { usualDashboard, usualDrainDelayMs } from "./surroundings.ts";
import { CONFIG_VERSION } from "./version.ts";

const hostName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, {
  error: "expected a name such as box.home.arpa",
});

// A configuration is parsed once: to compile its schemas takes longer than to interpret them.
z.config({ jitless: true });

export const CONFIG_SCHEMA = section(
  {
    version: z
      .literal(CONFIG_VERSION, { error: `expected ${CONFIG_VERSION}, the version of this configuration` })
      .default(CONFIG_VERSION),
    ...PART_SCHEMAS,
    box: BOX_SCHEMA,
    certificates: CERTIFICATES_SCHEMA,
    domain: DOMAIN_SCHEMA,
    services: SERVICES_SCHEMA,
    dashboard: section(
      {
        listen: hostAndPort("127.0.0.1").prefault(() => usualDashboard()),
        password: text("an argon2id hash, which tenk password makes, or the path of a file with one").optional(),
        token: text("a token of at least 20 characters").meta({ secret: true }).optional(),
        tokenFile: text("the path of a file with a token").optional(),
        scrapers: addresses.optional(),
        proxies: addresses.optional(),
        names: z.array(hostName, { error: "expected a list of names" }).optional(),
        basePath: basePath.optional(),
        frameAncestors: z.array(frameAncestor, { error: EXPECTED_ANCESTORS }).min(1, EXPECTED_ANCESTORS).optional(),
      },
      DASHBOARD_ABOUT,
    ).prefault({}),
    shutdown: section(
      { drainDelay: duration.default(() => usualDrainDelayMs()), grace: duration.default(10_000) },
      SHUTDOWN_ABOUT,
    ).prefault({}),
    push: section({ labels: pushLabels.prefault({}) }, PUSH_ABOUT).prefault({}),
    data: section(
      {
        folder: text("a folder's path").optional(),
        history: onOff.default(() => processLimits().memoryBytes >= 40 * 1024 * 1024),
      },
      DATA_ABOUT,
    ).prefault({}),
    upgrade: section({ drain: duration.prefault("10m"), timeout: duration.prefault("1m") }, UPGRADE_ABOUT).prefault({}),
    log: section(
      {
        level: oneOf("debug", "info", "warn", "error").default("info"),
        format: oneOf("pretty", "logfmt", "json").default("pretty"),
      },
      LOG_ABOUT,
    ).prefault({}),
  },
  ROOT_ABOUT,
);

type Parsed = z.output<typeof CONFIG_SCHEMA>;

/** A configuration with every default filled in, under the names of the file. A part that does not run has no section. */
export type Config = { [Key in keyof Parsed]: Key extends keyof PartSchemas ? Parsed[Key] | undefined : Parsed[Key] };
