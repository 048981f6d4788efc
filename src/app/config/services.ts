import { z } from "zod";
import { type Service, section, text } from "../../part/mod.ts";

const EXPECTED_TARGET = "expected a URL such as http://127.0.0.1:3000 or redis://127.0.0.1:6379";
const EXPECTED_NAME = "expected a name of a-z, 0-9 and -, at most 63, a letter first";
const EXPECTED_HOST = "expected a name such as git.home.arpa";
/** RFC 1035 §2.3.4 */
const MAX_NAME_LENGTH = 253;

/** A DNS label (RFC 1123 §2.1): the service's name becomes one. */
const serviceName = z.string().regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: EXPECTED_NAME });
const hostName = z
  .string({ error: EXPECTED_HOST })
  .max(MAX_NAME_LENGTH, EXPECTED_HOST)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/, EXPECTED_HOST)
  .transform((name) => name.toLowerCase());
const target = z
  .string({ error: EXPECTED_TARGET })
  .refine((given) => URL.canParse(given) && /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(given), EXPECTED_TARGET);

/** `name: target`, or `name: { target, hosts, kind }`. */
const service = z.preprocess(
  (value) => (typeof value === "object" && value !== null ? value : { target: value }),
  section({
    target,
    hosts: z.array(hostName, { error: "expected a list of names" }).min(1, "expected a list of names").optional(),
    kind: text("a kind such as http or redis").optional(),
  }),
);

export const SERVICES_SCHEMA = z.record(serviceName, service, { error: "expected services by name" }).prefault({});
export const DOMAIN_SCHEMA = hostName.optional();

/** Schemes whose kind has another name. */
const KINDS: Readonly<Record<string, string>> = {
  https: "http",
  rediss: "redis",
  postgresql: "postgres",
  "mongodb+srv": "mongodb",
  mqtts: "mqtt",
};

/**
 * Returns the services with their default kinds and hosts, which follow from target and name.
 *
 * @param domain the domain of default hosts: `git` becomes `git.home.arpa`
 * @example
 * servicesOf({ git: { target: "https://10.0.0.2" } }, "home.arpa");
 * // [{ name: "git", target: "https://10.0.0.2", kind: "http", hosts: ["git.home.arpa", "git.local"] }]
 */
export function servicesOf(
  declared: Readonly<z.output<typeof SERVICES_SCHEMA>>,
  domain: string | undefined,
): Service[] {
  return Object.entries(declared).map(([name, { target, hosts, kind }]) => {
    const scheme = new URL(target).protocol.slice(0, -1).toLowerCase();
    const defaultHosts = [...(domain === undefined ? [] : [`${name}.${domain}`]), `${name}.local`];
    return { name, target, kind: kind ?? KINDS[scheme] ?? scheme, hosts: hosts ?? defaultHosts };
  });
}
