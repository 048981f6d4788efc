import { type Command, Option } from "commander";
import { type AgentsWords, addAgentsOptions } from "./load-agents.ts";
import { expectation, verbosity } from "./load-values.ts";
import { listOption, oneOf, valueOption } from "./options.ts";
import { addPushOptions, type PushWords } from "./push.ts";

/** The options that say what becomes of the result of a load test, for any protocol. */
export interface ResultWords extends PushWords, AgentsWords {
  readonly findLimit?: boolean;
  readonly vary?: "rate" | "connections";
  readonly json?: string;
  readonly html?: string;
  readonly statsUrl?: string;
  readonly live: boolean;
  readonly save: boolean;
  readonly verbose?: number;
  readonly v?: boolean;
}

/** Adds the options of `ResultWords`, and `--expect`, to a load test of any protocol. */
export function addResultOptions(command: Command): Command {
  return addAgentsOptions(addPushOptions(command))
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
