import { basename } from "node:path";
import type { Log } from "../../base/mod.ts";
import { type BuiltLists, RuleIndex } from "../blocking/mod.ts";

/**
 * Logs which of the user's own rules are not used, and why. Rules of lists are only counted: the user cannot mend those.
 *
 * @param list the number of the user's own rules
 */
export function logUnusedRules({ files, summaries, rules, seed }: BuiltLists, list: number, log: Log): void {
  for (const [index, file] of files.entries()) {
    if (file.list !== list) continue;
    for (const { line, reason } of summaries[index]?.firstInvalid ?? [])
      log.warn("rule not used", { file: basename(file.path), line, reason });
  }
  const { refused } = new RuleIndex(
    rules.filter((rule) => rule.list === list),
    seed,
  );
  for (const { placed, reason } of refused) log.warn("rule not used", { rule: placed.rule.text, reason });
}
