import { type Command, Option } from "commander";
import { expectation, verbosity } from "./load-values.ts";
import { listOption, oneOf, valueOption } from "./options.ts";
import { addPushOptions } from "./push.ts";

/** Adds the options that say what must hold and what becomes of the result, whatever is spoken: `ResultWords`, and `expect`. */
export function addResultOptions(command: Command): Command {
  return addPushOptions(command)
    .addOption(
      listOption("--expect <check>", 'what must hold, "lost=0", "p99<50ms"; may be given several times', expectation),
    )
    .option("--find-limit", "raise the load until an expectation breaks, then find where")
    .addOption(
      valueOption("--vary <what>", "what --find-limit raises: rate or connections", oneOf("rate", "connections")),
    )
    .addOption(valueOption("--json <file>", "write the report as JSON; - is standard output", String))
    .addOption(
      valueOption("--html <file>", "write the report with its charts as one page, which needs nothing else", String),
    )
    .option("--no-save", "do not save the run for tenk runs, nor show it on a dashboard")
    .option("--no-live", "no live view")
    .addOption(valueOption("--verbose <level>", "0 errors, 1 what happens, 2 or 3 everything", verbosity))
    .addOption(new Option("-v", "the same as --verbose 2"));
}
