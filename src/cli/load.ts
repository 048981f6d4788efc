import { Command } from "commander";
import { parseAddress } from "../app/mod.ts";
import { logOf } from "../base/mod.ts";
import { EXPECTABLE, planTcp, tcp } from "../load/mod.ts";
import { dumpTap } from "./dump.ts";
import { logLevel, runCommanded } from "./load-command.ts";
import { loadDnsCommand } from "./load-dns.ts";
import { loadHttpCommand } from "./load-http.ts";
import { addLoadOptions, type LoadWords, unescapesNothing } from "./load-options.ts";
import { loadOptionsOf } from "./load-plan.ts";
import { loadWsCommand } from "./load-ws.ts";
import { startLogging } from "./logging.ts";
import { examples, namesHelp } from "./options.ts";
import { stderr } from "./terminal.ts";

const log = logOf("load");

export function loadCommand(exit: (code: number) => void): Command {
  return new Command("load")
    .description("Load tests: options spelled as the users of other tools know them.")
    .addCommand(loadTcpCommand(exit))
    .addCommand(loadHttpCommand(exit))
    .addCommand(loadWsCommand(exit))
    .addCommand(loadDnsCommand(exit));
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
      const plan = planTcp(loadOptionsOf(parseAddress(target, "127.0.0.1"), words, messages));
      const tap = dumpTap(words, (line) => stderr.line(line));
      if (unescapesNothing(words, messages))
        log.warn("-e holds for the texts after it, and none follows: put it first");
      exit(await runCommanded(tcp, plan, words, self, tap));
    });
}
