/** The plan of a load test as text, for the page and `tenk runs`: the same words, numbers written by each. Pure. */
import type { RunReport } from "./run.ts";

type Planned = Pick<RunReport, "kind" | "target" | "plan">;

/** How the caller writes numbers. */
export interface PlanWriter {
  count(value: number): string;
  perSecond(value: number): string;
  duration(ms: number): string;
  bytes(value: number): string;
}

/** One setting of the plan as text; undefined where a report of another version lacks it. */
type Fact = (run: Pick<RunReport, "target" | "plan">, write: PlanWriter) => string | undefined;

/** In the order of the text. */
const FACTS: Readonly<Record<string, Fact>> = {
  target: ({ target }) => target,
  connections: ({ plan }, { count }) => count(plan.connections),
  "connect rate": ({ plan }, write) => connectText(plan, write),
  "rate of each": ({ plan }, write) => rateText(plan.ratePerConnection, write),
  "rate in all": ({ plan }, write) => rateText(plan.totalRate, write),
  shape: ({ plan }) => plan.shape,
  message: ({ plan }, write) => messageText(plan, write),
  duration: ({ plan }, write) => durationText(plan, write),
  workers: ({ plan }) => `${plan.workers}`,
};

/** JSON has null for a rate without bound. */
function connectText({ connectRate }: RunReport["plan"], { perSecond }: PlanWriter): string {
  return Number.isFinite(connectRate) ? perSecond(connectRate) : "all at once";
}

function rateText(rate: number, { perSecond }: PlanWriter): string {
  return rate > 0 ? perSecond(rate) : "none";
}

function durationText({ durationMs, maxMessages }: RunReport["plan"], { count, duration }: PlanWriter): string {
  const time = durationMs === null ? undefined : duration(durationMs);
  if (maxMessages === undefined) return time ?? "until ended";
  const messages = `until ${count(maxMessages)} are answered`;
  return time === undefined ? messages : `${messages}, ${time} at most`;
}

function messageText({ message, messageBytes }: RunReport["plan"], { bytes }: PlanWriter): string | undefined {
  if (message === undefined) return undefined;
  if (message === null) return "no message";
  return messageBytes === undefined ? `"${message}"` : `"${message}" of ${bytes(messageBytes)}`;
}

/** `10k connections at 1000/s, 10/s each, "ping" of 4 B, 30s` */
export function planText({ plan }: Pick<Planned, "plan">, write: PlanWriter): string {
  const message = messageText(plan, write);
  const connecting = Number.isFinite(plan.connectRate) ? ` at ${connectText(plan, write)}` : " at once";
  return [
    `${write.count(plan.connections)} ${plan.connections === 1 ? "connection" : "connections"}${connecting}`,
    ...(plan.ratePerConnection > 0 ? [`${write.perSecond(plan.ratePerConnection)} each`] : []),
    ...(plan.totalRate > 0 ? [`${write.perSecond(plan.totalRate)} in all`] : []),
    ...(message === undefined ? [] : [message]),
    durationText(plan, write),
  ].join(", ");
}

/** A setting in which two plans differ. */
export interface PlanDifference {
  readonly name: string;
  /** As people read them. */
  readonly text: readonly [a: string, b: string];
}

/** Returns the settings in which two plans differ: the runs then differ because of them. */
export function planDifferences(
  a: Pick<Planned, "target" | "plan">,
  b: Pick<Planned, "target" | "plan">,
  write: PlanWriter,
): PlanDifference[] {
  // A report of another version may lack it.
  if (a.plan === undefined || b.plan === undefined) return [];
  return Object.entries(FACTS).flatMap(([name, fact]) => {
    const [one, other] = [fact(a, write), fact(b, write)];
    return one === undefined || other === undefined || one === other ? [] : [{ name, text: [one, other] as const }];
  });
}

/** The warning above two runs; undefined where their plans are alike. */
export function planWarning(differences: readonly PlanDifference[]): string | undefined {
  if (differences.length === 0) return undefined;
  const parted = differences.map(({ name, text }) => `${name} (${text.join(", ")})`).join(", ");
  return `the plans differ in ${parted}: so do the runs, however they went`;
}

/** Shown below a comparison. */
export const COMPARISON_NOTE =
  "One run each: a difference within their own scatter says nothing; repeat both to be sure.";
