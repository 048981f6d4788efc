import { Command } from "commander";
import { dns, EXPECTABLE_OF_DNS, planDns } from "../load/mod.ts";
import { logLevel, runCommanded } from "./load-command.ts";
import { addDnsOptions, type DnsWords, dnsOptionsOf } from "./load-dns-options.ts";
import { startLogging } from "./logging.ts";
import { examples, namesHelp } from "./options.ts";

export function loadDnsCommand(exit: (code: number) => void): Command {
  const command = new Command("dns")
    .description("Ask DNS queries, hold each answer against its question, and report. Reads dnsperf's options.")
    .argument("[target]", "HOST[:PORT]; the port is 53, 853 with -m dot, 443 with -m doh");
  addDnsOptions(command);
  return command
    .addHelpText(
      "after",
      namesHelp(
        "Names for --expect (docs/load-dns.md says what each is; every percentile may be asked for):",
        EXPECTABLE_OF_DNS,
      ),
    )
    .addHelpText(
      "after",
      examples(
        "tenk load dns 127.0.0.1:5354 -d queries.txt",
        "tenk load dns 127.0.0.1:5354 -d queries.txt -l 30 -c 20 -q 200",
        "tenk load dns 127.0.0.1:5354 -d queries.txt -l 30 -Q 20k --expect 'p99<1ms' --expect errors=0",
        "tenk load dns 127.0.0.1:5354 -l 30 -Q 5k -d 80%=cached.txt -d 15%=blocked.txt -d 5%=misses.txt",
        "tenk load dns dns.home.arpa -m doh -d queries.txt -l 10 --ca root.pem",
        "tenk load dns 127.0.0.1:5354 -d queries.txt -l 10 --find-limit -Q 10k --expect 'p99<5ms'",
      ),
    )
    .action(async (target: string | undefined, words: DnsWords, self: Command) => {
      await startLogging(logLevel(words));
      exit(await runCommanded(dns, planDns(dnsOptionsOf(target, words)), words, self));
    });
}
