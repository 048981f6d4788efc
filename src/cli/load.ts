import { Command } from "commander";
import { parseAddress, type RunRecorderOptions } from "../app/mod.ts";
import { logOf } from "../base/mod.ts";
import { EXPECTABLE, planTcp, type TcpPlan } from "../load/mod.ts";
import { commandLine } from "./command-line.ts";
import { dumpTap } from "./dump.ts";
import { addLoadOptions, type LoadWords, unescapesNothing } from "./load-options.ts";
import { loadOptionsOf, mustHaveStats } from "./load-plan.ts";
import { mustFit } from "./load-preflight.ts";
import { environmentToken, findLimitShown, runShown, showReport, USUAL_INSTANCE } from "./load-run.ts";
import { startLogging } from "./logging.ts";
import { examples, namesHelp } from "./options.ts";
import { fileTarget, jsonTarget } from "./output.ts";
import { pushPlan } from "./push.ts";
import { stderr } from "./terminal.ts";

const log = logOf("load");

export function loadCommand(exit: (code: number) => void): Command {
  return new Command("load")
    .description("Load tests: options spelled as the users of other tools know them.")
    .addCommand(loadTcpCommand(exit));
}

function loadTcpCommand(exit: (code: number) => void): Command {
  const command = new Command("tcp")
    .description(
      "Open TCP connections, send at the planned moments, and report what became of it. Reads tcpkali's options.",
    )
    .argument("<target>", "HOST:PORT or unix:/path");
  const messages = addLoadOptions(command);
  return command
    .addHelpText(
      "after",
      namesHelp("Names for --expect (docs/load.md says what each is; every percentile may be asked for):", EXPECTABLE),
    )
    .addHelpText(
      "after",
      examples(
        "tenk load tcp 127.0.0.1:9091 -c 10k -r 10 -m ping -T 30s --connect-rate 1000",
        "tenk load tcp 127.0.0.1:7000 -c 100 -r 50 -em 'PING\\r\\n' --latency-marker PONG --expect 'p99<50ms'",
        "tenk load tcp 127.0.0.1:9091 -c 100 -m ping -r 10 -T 10s --json - --stats-url none",
        "tenk load tcp 127.0.0.1:9091 -c 1k -r 10 -m ping -T 60s --html report.html",
      ),
    )
    .action(async (target: string, words: LoadWords, self: Command) => {
      await startLogging(logLevel(words));
      const json = words.json === undefined ? undefined : jsonTarget(words.json);
      const plan = planTcp(loadOptionsOf(parseAddress(target, "127.0.0.1"), words, messages));
      const title = `tenk load tcp ${plan.target}`;
      const tap = dumpTap(words, (line) => stderr.line(line));
      const push = pushPlan(words);
      const htmlFile = words.html === undefined ? undefined : fileTarget(words.html);
      let page = "";
      const shown = {
        title,
        live: words.live,
        push,
        html:
          htmlFile &&
          ((text: string) => {
            page = text;
          }),
        command: commandLine(wordsOf(self)),
        keepAt: words.save ? instancesFor(words.statsUrl, plan) : undefined,
        statsToken: words.statsUrl === undefined ? undefined : environmentToken(process.env),
        ...(tap ? { tap } : {}),
        ...(words.vary ? { vary: words.vary } : {}),
      };
      if (unescapesNothing(words, messages))
        log.warn("-e holds for the texts after it, and none follows: put it first");
      mustFit(plan);
      if (words.statsUrl !== undefined) await mustHaveStats(plan);
      const report = await (words.findLimit ? findLimitShown : runShown)(plan, shown);
      // A disk that has become full meanwhile costs the file, not the report.
      try {
        exit(showReport(report, json));
      } finally {
        htmlFile?.(page);
      }
    });
}

/** All words behind the program's name. */
function wordsOf(command: Command): readonly string[] {
  let root = command;
  while (root.parent !== null) root = root.parent;
  return (root as Command & { readonly rawArgs: readonly string[] }).rawArgs;
}

/** The instance that was named; else the target if it is tenk on this machine, or the usual one. */
function instancesFor(named: string | undefined, { statsUrl }: TcpPlan): RunRecorderOptions["instances"] {
  const usual = { url: new URL(USUAL_INSTANCE), isNamed: false };
  if (statsUrl === false) return [usual];
  const asked = { url: new URL("..", statsUrl), isNamed: named !== undefined };
  return asked.isNamed ? [asked] : [asked, usual];
}

function logLevel({ verbose, v }: LoadWords): "error" | "info" | "debug" {
  const level = verbose ?? (v ? 2 : 1);
  return level === 0 ? "error" : level === 1 ? "info" : "debug";
}
