import type { ThrottlingStatus } from "../../dash/mod.ts";
import type { Throttling } from "../../metrics/mod.ts";
import { COOLING, POWER } from "../box/mod.ts";

const WORDS: Readonly<Record<Throttling["cause"], string>> = {
  "under-voltage": "under-voltage",
  "frequency-capped": "frequency capped",
  throttled: "throttled",
  "soft-temperature-limit": "soft temperature limit",
};

/**
 * Describes the throttling that a board's firmware reports, for the page and `tenk status`; null when it reports nothing.
 *
 * @example
 * throttlingStatus([{ cause: "under-voltage", isNow: true, hasBeen: true }])?.text; // "under-voltage now and since boot"
 */
export function throttlingStatus(states: readonly Throttling[] | undefined): ThrottlingStatus | null {
  if (states === undefined) return null;
  const reported = states.filter(({ isNow, hasBeen }) => isNow || hasBeen);
  const wordsOf = (chosen: readonly Throttling[]) => chosen.map(({ cause }) => WORDS[cause]);
  return {
    now: wordsOf(reported.filter(({ isNow }) => isNow)),
    sinceBoot: wordsOf(reported.filter(({ hasBeen }) => hasBeen)),
    text: textOf(reported),
    fix: fixOf(reported),
  };
}

function textOf(reported: readonly Throttling[]): string {
  const areAll = reported.length > 1 && reported.every(({ isNow, hasBeen }) => isNow && hasBeen);
  const facts = reported.map(({ cause, isNow, hasBeen }) => {
    const when = [...(isNow ? ["now"] : []), ...(hasBeen && !areAll ? ["since boot"] : [])];
    return `${WORDS[cause]} ${when.join(" and ")}`;
  });
  return [...facts, ...(areAll ? [reported.length === 2 ? "both since boot" : "all since boot"] : [])].join(", ");
}

/** Under-voltage alone throttles the processor too, but it may be hot as well. */
function fixOf(reported: readonly Throttling[]): string {
  const isPower = reported.some(({ cause }) => cause === "under-voltage");
  const isHeat = reported.some(({ cause }) => cause !== "under-voltage");
  return [...(isPower ? [POWER] : []), ...(isHeat ? [COOLING] : [])].join("; ");
}
