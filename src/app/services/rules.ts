import { isH2c } from "../../http/mod.ts";
import { isWatchedKind, WATCHED_EXAMPLES, type WatchedKind, watchedTarget } from "../../part/mod.ts";
import { EXPECTED_HTTP_TARGET, isHttpTarget } from "./fields.ts";
import { DASHBOARD, isHttpKind, isProxied, kindOf } from "./kind.ts";
import { probeProblems } from "./probe-rules.ts";
import type { WrittenService } from "./schema.ts";

interface Problem {
  readonly path: string[];
  readonly message: string;
}

/** Who answers a request: exactly one of these. */
const ANSWERS = ["target", "targets", "respond", "redirect", "root"] as const;
/** What has a meaning for targets alone. */
const FOR_TARGETS = ["protocol", "balance", "hashHeader", "sticky", "attempts", "health", "timeouts", "tls"] as const;
/** What has a meaning for services that are served by HTTPS alone. */
const FOR_HTTP = [
  "path",
  "strip",
  "plainHttp",
  "maxBody",
  "headers",
  "auth",
  "allow",
  "limits",
  "compress",
  "hsts",
] as const;

/** Finds settings of a service that contradict each other, or would be ignored. */
export function problemsOf(service: WrittenService): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) => problems.push({ path: [path], message });
  const answers = ANSWERS.filter((key) => service[key] !== undefined);
  if (isWatchedKind(kindOf(service))) return watchedProblems(service, answers);
  if (answers.length === 0) refuse("target", `expected a URL such as http://127.0.0.1:3000, or one of ${others()}`);
  for (const key of answers.slice(1))
    refuse(key, `expected one of ${ANSWERS.join(", ")}: there is ${answers[0]} already`);
  if (problems.length > 0) return problems;
  probeProblems(service, (path, message) => problems.push({ path, message }));
  if (service.kind !== undefined && !isHttpKind(service.kind) && service.target === undefined) {
    refuse("kind", `expected http, since it has ${answers[0]}`);
  } else if (service.target === DASHBOARD && !isHttpKind(kindOf(service))) {
    refuse("kind", "expected http, since its target is the dashboard");
  } else if (!isProxied(service)) {
    const why = service.proxy === false ? "proxy is false" : `its kind is ${kindOf(service)}`;
    for (const key of [...FOR_TARGETS, ...FOR_HTTP])
      if (service[key] !== undefined) refuse(key, `expected only where it is served by HTTPS, but ${why}`);
  } else if (service.target === DASHBOARD) ofDashboard(service, refuse);
  else if (answers[0] === "target" && !isHttpTarget(service.target as string)) {
    refuse("target", EXPECTED_HTTP_TARGET);
  } else if (answers[0] === "target" || answers[0] === "targets") ofForwarding(service, refuse);
  else {
    for (const key of FOR_TARGETS)
      if (service[key] !== undefined) refuse(key, `expected only with a target, but it has ${answers[0]}`);
  }
  return problems;
}

/** Of a service that is only watched. */
function watchedProblems(service: WrittenService, answers: readonly (typeof ANSWERS)[number][]): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) => problems.push({ path: [path], message });
  const kind = kindOf(service) as WatchedKind;
  if (watchedTarget(kind, service.target) === undefined) refuse("target", `expected ${WATCHED_EXAMPLES[kind]}`);
  for (const key of answers)
    if (key !== "target") refuse(key, `expected no ${key}: its kind is ${kind}, which is only watched`);
  for (const key of [...FOR_TARGETS, ...FOR_HTTP])
    if (service[key] !== undefined) refuse(key, `expected only where it is served by HTTPS, but its kind is ${kind}`);
  if (service.dns === true) refuse("dns", `expected false: a service of kind ${kind} has no address for clients`);
  if (service.hosts !== undefined)
    refuse("hosts", `expected none: a service of kind ${kind} has no address for clients`);
  probeProblems(service, (path, message) => problems.push({ path, message }));
  return problems;
}

function ofDashboard(service: WrittenService, refuse: (path: string, message: string) => void): void {
  for (const key of FOR_TARGETS)
    if (service[key] !== undefined) refuse(key, "expected only with targets of its own, but it leads to the dashboard");
  if (service.strip === true) refuse("strip", "expected false: the dashboard knows its path");
}

function others(): string {
  return ANSWERS.slice(1).join(", ");
}

function ofForwarding(service: WrittenService, refuse: (path: string, message: string) => void): void {
  const urls = service.targets?.map(({ url }) => url) ?? [service.target as string];
  if (service.tls !== undefined && !urls.every((url) => /^https:/i.test(url)))
    refuse("tls", "expected only where each target is https://");
  if (service.protocol === "http1" && urls.some(isH2c))
    refuse("protocol", "expected auto or http2, since a target is h2c://");
  if ((service.balance === "header-hash") !== (service.hashHeader !== undefined))
    refuse("hashHeader", "expected a header's name together with balance: header-hash");
  if (service.health?.path === undefined && (service.health?.check ?? 0) > 0)
    refuse("health", "expected a path to check");
}
