import { logOf, TenkError } from "../base/mod.ts";
import { type LoadPlan, type Machine, preflight, refusalText } from "../load/mod.ts";

/**
 * Checks, before anything is opened, whether this machine can carry the plan. Warnings are logged with the command that fixes
 * them.
 *
 * @throws {TenkError} `unsupported` when it cannot work, with one line for each reason
 */
export function mustFit(plan: LoadPlan, machine?: Machine, log = logOf("load")): void {
  const { refusals, warnings } = preflight(plan, machine);
  if (refusals.length > 0) throw new TenkError("unsupported", refusals.map(refusalText).join("\ntenk: "));
  for (const { what, command } of warnings) log.warn(what, command === "" ? {} : { fix: command });
}
