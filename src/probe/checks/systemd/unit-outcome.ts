import { formatDuration } from "../../../base/mod.ts";
import type { Outcome } from "../../health/mod.ts";
import type { UnitFacts } from "./unit.ts";

/** How a run ended, in systemd's words → ours. */
const RESULTS: Readonly<Record<string, string>> = {
  "exit-code": "its program ended with exit code",
  signal: "its program was killed by signal",
  "core-dump": "its program crashed by signal",
  timeout: "it took too long, and was killed",
  watchdog: "it did not answer its watchdog",
  "oom-kill": "the machine ran out of memory, and killed it",
  "start-limit-hit": "it failed too often in a short time, and is not started again: systemctl reset-failed",
  resources: "the machine has not what it needs",
  protocol: "it did not say that it has started",
};
const WITH_NUMBER = ["exit-code", "signal", "core-dump"];

/**
 * Judges a unit by what systemd knows of it. A job that runs now and then is judged by its last run.
 *
 * @param maxAgeMs a job whose last run ended longer ago is down
 */
export function unitOutcome(
  name: string,
  facts: UnitFacts,
  nowMs: number,
  maxAgeMs = Number.POSITIVE_INFINITY,
): Outcome {
  const { load, active, sub, changedMs, type } = facts;
  if (load === "not-found" || load === "") return down(`there is no unit ${name}: see systemctl list-unit-files`);
  if (load === "masked") return down(`${name} is masked: systemctl unmask ${name}`);
  if (load !== "loaded") return down(`the file of ${name} has an error: systemctl status ${name}`);
  if (active === "failed") return down(`${name} has failed: ${resultWords(facts)} (journalctl -u ${name})`);
  if (sub.startsWith("auto-restart"))
    return down(`${name} ends and is started again, ${facts.restarts} times: ${resultWords(facts)} (journalctl -u ${name})`); // biome-ignore format: one sentence
  if (active === "inactive") return isJob(facts) ? jobOutcome(name, facts, nowMs, maxAgeMs) : stopped(name, facts);
  if (active === "activating" && type !== "oneshot") return starting(`${name} is starting`);
  if (active === "deactivating") return starting(`${name} is stopping`);
  // A job that never ends is not started again either.
  if (type === "oneshot" && active === "activating" && nowMs - changedMs > maxAgeMs)
    return down(`${name} runs since ${age(changedMs, nowMs)}, and should run at least every ${formatDuration(maxAgeMs)}: does it hang?`); // biome-ignore format: one sentence
  const verb = type === "oneshot" && active === "activating" ? "runs" : active === "active" ? sub || active : active;
  return { result: "up", facts: {}, reason: changedMs > 0 ? `${verb} since ${age(changedMs, nowMs)}` : verb };
}

/** Returns the outcome of a job whose timer does not run: nobody would notice that it is never started again. */
export function withoutTimer(name: string, timer: string): Outcome {
  return down(`${timer} does not run, so that nothing starts ${name}: systemctl enable --now ${timer}`);
}

/** Whether it is right that it does not run now. */
function isJob({ type, triggeredBy }: UnitFacts): boolean {
  return type === "oneshot" || triggeredBy.some((each) => each.endsWith(".timer"));
}

function jobOutcome(name: string, facts: UnitFacts, nowMs: number, maxAgeMs: number): Outcome {
  const { exitedMs, result } = facts;
  if (result !== "" && result !== "success")
    return down(`the last run of ${name} has failed: ${resultWords(facts)} (journalctl -u ${name})`);
  if (exitedMs === 0) {
    const reason = `${name} has not run since the machine started`;
    return { result: "unknown", facts: {}, reason };
  }
  const ago = age(exitedMs, nowMs);
  if (nowMs - exitedMs > maxAgeMs)
    return down(`${name} ran ${ago} ago, and should run at least every ${formatDuration(maxAgeMs)}: see systemctl list-timers`); // biome-ignore format: one sentence
  return { result: "up", facts: {}, reason: `ran ${ago} ago` };
}

function stopped(name: string, { triggeredBy, changedMs, result }: UnitFacts): Outcome {
  const trigger = triggeredBy.find((each) => /\.(socket|path|automount)$/.test(each));
  if (trigger !== undefined && (result === "" || result === "success"))
    return { result: "up", facts: {}, reason: `starts when ${trigger} needs it` };
  const since = changedMs > 0 ? ` since ${new Date(changedMs).toISOString().slice(0, 16)}Z` : "";
  return down(`${name} does not run${since}: systemctl start ${name}`);
}

function resultWords({ result, exitStatus }: UnitFacts): string {
  const words = RESULTS[result] ?? (result === "" ? "see its log" : result);
  return WITH_NUMBER.includes(result) ? `${words} ${exitStatus}` : words;
}

function age(ms: number, nowMs: number): string {
  return formatDuration(Math.max(0, Math.round((nowMs - ms) / 1000)) * 1000);
}

function starting(reason: string): Outcome {
  return { result: "starting", facts: {}, reason };
}

function down(reason: string): Outcome {
  return { result: "down", facts: {}, reason };
}
