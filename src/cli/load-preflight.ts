import { logOf, TenkError } from "../base/mod.ts";
import { type Obstacle, preflight, type TcpPlan } from "../load/mod.ts";

const log = logOf("load");

/**
 * Looks, before anything is opened, whether this machine can carry the plan. What may spoil the result is logged with the
 * command that mends it.
 *
 * @throws {TenkError} `unsupported` when it cannot work, with one line for each reason
 */
export function mustFit(plan: TcpPlan): void {
  const { refusals, warnings } = preflight(plan);
  if (refusals.length > 0) throw new TenkError("unsupported", refusals.map(refusalText).join("\ntenk: "));
  for (const { what, command } of warnings) log.warn(what, command === "" ? {} : { mend: command });
}

function refusalText({ what, command }: Obstacle): string {
  return `The plan does not fit this machine: ${what}${command === "" ? "" : ` (${command})`}`;
}
