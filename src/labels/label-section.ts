import { nearest } from "../base/mod.ts";
import { COMPOSE_SERVICE, type Container, LABEL_PREFIX } from "../containers/mod.ts";

/** A service as the labels of a container declare it, without its target where that follows from the container. */
export interface LabelledService {
  readonly name: string;
  /** What its labels begin with: `tenk.` or `tenk.services.NAME.`. */
  readonly prefix: string;
  /** As a section of `services:` is written. */
  readonly section: Readonly<Record<string, unknown>>;
  /** The container's port that is meant. */
  readonly port: number | undefined;
  /** Of its target, where the labels say it. */
  readonly scheme: string | undefined;
}

/** What is wrong with the labels of a container. Then none of its services is offered: half of them could be open to more people. */
export interface LabelProblem {
  readonly reason: string;
}

type Form = "text" | "list" | "flag";

/** Keys of a service that labels may have: nothing that names a file, a secret or a command, or that is sent with requests. */
const FORMS: ReadonlyMap<string, Form> = new Map(
  Object.entries<Form>({
    target: "text",
    kind: "text",
    hosts: "list",
    proxy: "flag",
    dns: "flag",
    probe: "flag",
    after: "text",
    group: "text",
    path: "list",
    strip: "flag",
    plainHttp: "text",
    protocol: "text",
    balance: "text",
    sticky: "flag",
    attempts: "text",
    maxBody: "text",
    allow: "list",
    compress: "flag",
    hsts: "flag",
    "health.path": "text",
    "health.status": "list",
    "health.check": "text",
    "health.checkTimeout": "text",
    "health.failures": "text",
    "health.within": "text",
    "health.backOff": "text",
    "health.maxBackOff": "text",
    "limits.perTarget": "text",
    "limits.waiting": "text",
    "limits.wait": "text",
    "limits.requestsPerSecond": "text",
    "limits.burst": "text",
    "timeouts.connect": "text",
    "timeouts.response": "text",
    "timeouts.stall": "text",
    "tls.verify": "flag",
    "tls.serverName": "text",
    "auth.forward.url": "text",
    "auth.forward.copyHeaders": "list",
    "auth.forward.timeout": "text",
    "probe.interval": "text",
    "probe.timeout": "text",
    "probe.slow": "text",
    "probe.retries": "list",
    "probe.successes": "text",
    "probe.maxStarting": "text",
    "probe.certificateDays": "text",
    "probe.path": "text",
    "probe.method": "text",
    "probe.status": "list",
    "probe.body": "text",
    "probe.notBody": "text",
    "probe.redirects": "text",
    "probe.recognize": "flag",
  }),
);
const OWN = ["enable", "name", "port", "scheme"] as const;
const KNOWN = [...OWN, ...FORMS.keys(), "auth.forward"];
/** Keys of a service that no label may have. */
const FORBIDDEN =
  /^(root|respond|redirect|targets|hashHeader|headers|auth|tls|sticky|probe\.(user|password|token|headers|header|json|tls|database|query|expect))/;

const MAX_LABELS = 100;
const MAX_VALUE_LENGTH = 4096;
const MAX_SERVICES = 10;
const SERVICES = "services.";

/**
 * Reads the labels of a container.
 *
 * ```text
 *   tenk.name=git  tenk.port=3000  tenk.hosts=git.home.arpa,code.home.arpa  tenk.health.path=/ok
 *   tenk.services.git-ssh.port=22  tenk.services.git-ssh.kind=ssh             a second service of the same container
 * ```
 *
 * @returns its services; none for a container without labels for tenk, or with `tenk.enable=false`
 */
export function labelledServices(container: Container): readonly LabelledService[] | LabelProblem {
  const labels = Object.entries(container.labels).filter(([key]) => key.startsWith(LABEL_PREFIX));
  if (labels.length === 0 || container.labels["tenk.enable"] === "false") return [];
  if (labels.length > MAX_LABELS) return { reason: `expected at most ${MAX_LABELS} labels that begin with tenk.` };
  const groups = new Map<string, [key: string, value: string][]>();
  for (const [label, value] of labels) {
    if (value.length > MAX_VALUE_LENGTH)
      return { reason: `label ${label.slice(0, 100)}: expected at most ${MAX_VALUE_LENGTH} characters` };
    const key = label.slice(LABEL_PREFIX.length);
    const named = key.startsWith(SERVICES) ? /^([^.]+)\.(.+)$/.exec(key.slice(SERVICES.length)) : undefined;
    if (named === null) return { reason: `label ${label}: expected a key of a service such as tenk.services.git.port` };
    const [, name = "", own = key] = named ?? [];
    groups.set(name, [...(groups.get(name) ?? []), [own, value]]);
  }
  if (groups.size > MAX_SERVICES) return { reason: `expected at most ${MAX_SERVICES} services of one container` };
  // `tenk.enable=true` beside services with names of their own declares no further one.
  if (groups.size > 1 && (groups.get("") ?? []).every(([key]) => key === "enable")) groups.delete("");
  const services: LabelledService[] = [];
  for (const [name, entries] of groups) {
    const found = serviceOf(container, name, entries);
    if ("reason" in found) return found;
    services.push(found);
  }
  return services;
}

function serviceOf(
  container: Container,
  named: string,
  entries: readonly (readonly [key: string, value: string])[],
): LabelledService | LabelProblem {
  const prefix = named === "" ? LABEL_PREFIX : `${LABEL_PREFIX}${SERVICES}${named}.`;
  const own: Partial<Record<(typeof OWN)[number], string>> = {};
  const section: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    const label = `label ${prefix}${key}`;
    const ownKey = OWN.find((each) => each === key);
    if (ownKey !== undefined) {
      own[ownKey] = value.trim();
      continue;
    }
    const path = key === "auth.forward" ? "auth.forward.url" : key;
    const form = /^headers\.response\.(set|add)\.[A-Za-z0-9-]+$/.test(path) ? "text" : FORMS.get(path);
    if (form === undefined) return { reason: `${label}: ${whyUnknown(prefix, key)}` };
    const given = readValue(form, value);
    if (given === undefined) return { reason: `${label}: expected true or false, found ${shown(value)}` };
    if (!put(section, path.split("."), given))
      return { reason: `${label}: expected only one of ${prefix}${key.split(".")[0]} and labels below it` };
  }
  const target = section.target;
  if (typeof target === "string" && !/^[a-z][a-z0-9+.-]{0,30}:\/\/[^/?#@\s]+\/?$/i.test(target))
    return {
      reason: `label ${prefix}target: expected a URL of a host and a port, without user, path or file, found ${shown(target.replace(/\/\/.*@/, "//***@"))}`,
    };
  const port = own.port === undefined ? undefined : Number(own.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    return {
      reason: `label ${prefix}port: expected a port of the container from 1 to 65535, found ${shown(own.port ?? "")}`,
    };
  if (own.scheme !== undefined && !/^[a-z][a-z0-9+.-]{0,30}$/i.test(own.scheme))
    return { reason: `label ${prefix}scheme: expected a scheme such as https or redis, found ${shown(own.scheme)}` };
  const hosts = section.hosts;
  if (Array.isArray(hosts) && hosts.includes("*"))
    return {
      reason: `label ${prefix}hosts: expected names such as git.home.arpa: * is for services of the configuration`,
    };
  return {
    name: own.name ?? (named === "" ? nameOf(container) : named),
    prefix,
    section,
    port,
    scheme: own.scheme?.toLowerCase(),
  };
}

/** A name that a service may have: that of Compose, since it has no number behind it, else the container's. */
function nameOf({ labels, name }: Container): string {
  const plain = (labels[COMPOSE_SERVICE] ?? name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return plain.slice(0, 63).replace(/-+$/, "");
}

function readValue(form: Form, value: string): unknown {
  const plain = value.trim();
  if (form === "flag") return plain === "true" ? true : plain === "false" ? false : undefined;
  if (form === "text") return plain;
  return plain
    .replace(/^\[(.*)\]$/, "$1")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Sets a value below a path. `probe: true` makes place for what is below it. @returns false where a value is there already */
function put(section: Record<string, unknown>, path: readonly string[], value: unknown): boolean {
  let at = section;
  for (const key of path.slice(0, -1)) {
    const below = Object.hasOwn(at, key) ? at[key] : undefined;
    if (below !== undefined && below !== true && typeof below !== "object") return false;
    const next = typeof below === "object" ? (below as Record<string, unknown>) : {};
    at[key] = next;
    at = next;
  }
  const last = path.at(-1)!;
  if (Object.hasOwn(at, last)) return value === true && typeof at[last] === "object";
  at[last] = value;
  return true;
}

function whyUnknown(prefix: string, key: string): string {
  if (FORBIDDEN.test(key)) return "labels may not set this: declare the service in tenk.yaml";
  const near = nearest(key, KNOWN);
  return near === undefined ? "unknown" : `unknown, did you mean ${prefix}${near}?`;
}

function shown(value: string): string {
  return JSON.stringify(value.slice(0, 100));
}
