import type { ProblemView } from "../../api.ts";
import type { ProbedServiceView, ServiceState } from "../../probe-api.ts";
import { clock, dayOfYear, duration } from "../format.ts";

/** The answer to "is everything well?", in one sentence. May have text from the network. */
export interface Headline {
  readonly tone: "good" | "warning" | "bad" | "plain";
  readonly text: string;
}

const MINUTE_MS = 60_000;
/** Problems that a sentence names. */
const MOST_NAMED = 3;

export function headlineOf(
  services: readonly ProbedServiceView[],
  problems: readonly ProblemView[],
  nowMs = Date.now(),
): Headline {
  const serious = problems.filter(({ isMuted }) => isMuted !== true);
  if (serious.length === 0) return wellOf(services);
  const tone = serious.some(({ severity }) => severity === "critical") ? "bad" : "warning";
  const roots = rootsOf(serious);
  if (roots.length === 1) return { tone, text: `${one(roots[0]!, nowMs)}${behindText(serious.length - 1)}` };
  const named = roots.slice(0, MOST_NAMED).map(({ subject, state }) => `${subject} is ${state}`);
  const rest = roots.length - named.length;
  const list = `${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  const ofServices = serious.filter(isOfService).length;
  const isAll = ofServices === serious.length;
  const what = isAll ? `${ofServices} of ${services.length} services are not well` : `${serious.length} problems`;
  return { tone, text: `${what}: ${list}.` };
}

/** Returns the problems that follow from no other one, the worst first. */
export function rootsOf(problems: readonly ProblemView[]): readonly ProblemView[] {
  const keys = new Set(problems.map(({ key }) => key));
  return problems
    .filter(({ behind }) => behind === undefined || !keys.has(behind))
    .toSorted((one, other) => rank(one) - rank(other));
}

function rank({ severity, isMuted }: ProblemView): number {
  return (severity === "critical" ? 0 : 1) + (isMuted === true ? 2 : 0);
}

/** Returns the name of the service that a problem is about; undefined for others. */
export function serviceOf({ key }: ProblemView): string | undefined {
  return /^service\/(.+)$/.exec(key)?.[1];
}

function isOfService(problem: ProblemView): boolean {
  return serviceOf(problem) !== undefined;
}

function one({ subject, state, reason, sinceMs }: ProblemView, nowMs: number): string {
  const why = reason === "" ? "." : `: ${reason}${/[.?!]$/.test(reason) ? "" : "."}`;
  return `${subject} is ${state} since ${sinceText(sinceMs, nowMs)}${why}`;
}

function behindText(count: number): string {
  if (count === 0) return "";
  return count === 1 ? " 1 service that stands on it is unknown." : ` ${count} services that stand on it are unknown.`;
}

/** `22:14`; of another day `29 Nov 22:14`. */
export function sinceText(ms: number, nowMs = Date.now()): string {
  const day = dayOfYear(ms, nowMs);
  return day === dayOfYear(nowMs, nowMs) ? clock(ms, false) : `${day} ${clock(ms, false)}`;
}

/** How long something lasts, without seconds that would change all the time. */
export function lastedText(ms: number): string {
  return duration(ms < MINUTE_MS ? ms : ms - (ms % MINUTE_MS));
}

/** What is said of services that are neither up nor a problem. */
const OTHERS: readonly (readonly [state: ServiceState, words: string])[] = [
  ["degraded", "degraded"],
  ["maintenance", "in maintenance"],
  ["starting", "starting"],
  ["down", "down"],
  ["unknown", "unknown"],
  ["pending", "not asked yet"],
];

function wellOf(services: readonly ProbedServiceView[]): Headline {
  const [only] = services;
  if (only === undefined) return { tone: "plain", text: "No problem is known; no service is probed." };
  const count = (state: ServiceState) => services.filter((each) => each.state === state).length;
  const up = count("up");
  if (up === services.length)
    return { tone: "good", text: up === 1 ? `${only.service} is well.` : `All ${up} services are well.` };
  const others = OTHERS.flatMap(([state, words]) => (count(state) > 0 ? [`${count(state)} ${words}`] : []));
  const text = `${up} of ${services.length} services are well, ${others.join(", ")}.`;
  return { tone: up === 0 ? "plain" : "good", text };
}
