import { type Command, Option } from "commander";
import { TenkError } from "../base/mod.ts";

/** An option of dnsperf that tenk does not have: why, and what to use. */
interface Refused {
  readonly flags: string;
  readonly why: string;
  readonly instead: string;
}

/** Known by name so that a command line made for dnsperf fails with its reason, not as a typing error. */
export const REFUSED_OF_DNS: readonly Refused[] = [
  { flags: "-f [family]", why: "the address says it", instead: "an IPv4 or IPv6 address as the target" },
  {
    flags: "-x [port]",
    why: "each client has a port of its own",
    instead: "-c N for N ports, which the system chooses",
  },
  { flags: "-y [key]", why: "queries are not signed (TSIG)", instead: "leave it out" },
  { flags: "-S [interval]", why: "how the run stands is shown anyway", instead: "--no-live prints a line a second" },
  { flags: "-u", why: "updates are not sent", instead: "queries in a file of -d" },
  { flags: "-B", why: "queries are read as text", instead: "lines such as 'example.org A'" },
  { flags: "-W", why: "the report is on standard output, the log is not", instead: "--json - for a program" },
  { flags: "-H", why: "there are no long options of its own", instead: "--help" },
  { flags: "-O [option]", why: "it is spelled otherwise", instead: "--help lists the options" },
];

/** Adds them, hidden in the help. */
export function refuseDnsperfOptions(command: Command): void {
  for (const { flags, why, instead } of REFUSED_OF_DNS) {
    const option = new Option(flags).hideHelp();
    command.addOption(option).on(`option:${option.name()}`, () => {
      const name = flags.replace(/ \[.*$/, "");
      throw new TenkError("unsupported", `${name} is not carried over from dnsperf: ${why}`, { hint: instead });
    });
  }
}
