import type { Severity } from "./incident.ts";

/** How problems whose key begins in some way raise alerts. */
export interface Rule {
  /** Undefined for none. */
  readonly severity: Severity | undefined;
  /** How long a problem must last. */
  readonly forMs: Readonly<Record<Severity, number>>;
  /** Names of the channels that are told. @default {all} */
  readonly to?: readonly string[];
}

/** What lasts for a moment on a box is no problem; services were asked several times before they are down. */
const MINUTE_MS = 60_000;
export const DEFAULT_RULES: Readonly<Record<string, Rule>> = {
  "": { severity: "warning", forMs: { warning: 0, critical: 0 } },
  box: { severity: "warning", forMs: { warning: 5 * MINUTE_MS, critical: MINUTE_MS } },
};

/**
 * Returns the rule with the longest prefix: `box/disk` is for `box/disk/` and `box/disk/home`, `box` for everything of the box. A prefix ends
 * where a part of the key does.
 */
export function ruleOf(rules: Readonly<Record<string, Rule>>, key: string): Rule {
  for (let end = key.length; end > 0; end = key.lastIndexOf("/", end - 1)) {
    const prefix = key.slice(0, end);
    if (Object.hasOwn(rules, prefix)) return rules[prefix]!;
  }
  return rules[""] ?? DEFAULT_RULES[""]!;
}
