import { type Command, Option } from "commander";
import { TenkError } from "../base/mod.ts";

/** An option of another generator that tenk does not have: why, and what to use. */
interface Refused {
  readonly flags: string;
  /** The program that has it. */
  readonly of: string;
  readonly why: string;
  readonly instead: string;
}

/** Known by name so that a command line made for another generator fails with its reason, not as a typing error. */
export const REFUSED_OF_HTTP: readonly Refused[] = [
  { flags: "-U, --u_latency", of: "wrk2", why: "both latencies are always reported", instead: "leave it out" },
  { flags: "-L", of: "wrk2", why: "latency is always measured", instead: "--latency adds p75" },
  { flags: "-B, --batch_latency", of: "wrk2", why: "each request is measured by itself", instead: "leave it out" },
  {
    flags: "-q [rate]",
    of: "oha and hey",
    why: "it means a rate in all in oha, and of each worker in hey",
    instead: "-R N, in all",
  },
  {
    flags: "--http-version [version]",
    of: "oha",
    why: "it is spelled otherwise",
    instead: "--http2, or nothing for HTTP/1.1",
  },
  { flags: "--latency-correction", of: "oha", why: "-R always measures from the planned moment", instead: "-R N" },
  { flags: "--burst-delay [time]", of: "oha", why: "bursts are a shape here", instead: "--shape spike:10..500@5s+1s" },
  { flags: "--burst-rate [n]", of: "oha", why: "bursts are a shape here", instead: "--shape spike:10..500@5s+1s" },
  {
    flags: "--redirect [n]",
    of: "oha",
    why: "redirects are counted and never followed",
    instead: "the URL that they lead to",
  },
  { flags: "--no-tui", of: "oha", why: "it is spelled otherwise", instead: "--no-live" },
  { flags: "--output-format [format]", of: "oha", why: "it is spelled otherwise", instead: "--json FILE" },
  {
    flags: "-a, --basic-auth [user]",
    of: "oha and hey",
    why: "fields are written as they are sent",
    instead: "-H 'Authorization: Basic …'",
  },
  { flags: "-A [type]", of: "oha and hey", why: "fields are written as they are sent", instead: "-H 'Accept: …'" },
  {
    flags: "-x [proxy]",
    of: "oha and hey",
    why: "a proxy would be measured, and not the target",
    instead: "the proxy's own URL",
  },
  { flags: "-i", of: "ab", why: "it is spelled otherwise", instead: "-m HEAD" },
  { flags: "-u [file]", of: "ab", why: "it is spelled otherwise", instead: "-m PUT -D FILE" },
  { flags: "-C [cookie]", of: "ab", why: "fields are written as they are sent", instead: "-H 'Cookie: …'" },
  { flags: "-r", of: "ab", why: "errors are counted and never end the run", instead: "leave it out" },
  { flags: "-l", of: "ab", why: "answers may differ in length", instead: "leave it out" },
  { flags: "-e [file]", of: "ab", why: "it is spelled otherwise", instead: "--json FILE" },
  { flags: "-g [file]", of: "ab", why: "it is spelled otherwise", instead: "--html FILE" },
  {
    flags: "-X [proxy]",
    of: "ab",
    why: "a proxy would be measured, and not the target",
    instead: "the proxy's own URL",
  },
  { flags: "-h2", of: "hey", why: "it is spelled otherwise", instead: "--http2" },
  { flags: "-o [format]", of: "hey", why: "it is spelled otherwise", instead: "--json FILE" },
  { flags: "-k", of: "ab", why: "connections are kept unless --disable-keepalive", instead: "leave it out" },
];

/** Adds them, hidden in the help. */
export function refuseHttpOptions(command: Command): void {
  for (const { flags, of, why, instead } of REFUSED_OF_HTTP) {
    const option = optionOf(flags).hideHelp();
    command.addOption(option).on(`option:${option.name()}`, () => {
      const names = flags.replace(/ \[.*$/, "");
      throw new TenkError("unsupported", `${names} is not carried over from ${of}: ${why}`, { hint: instead });
    });
  }
}

/** Commander has no short flag of two characters: one that is set is found before `-h` is. */
function optionOf(flags: string): Option {
  if (!/^-[^-][^\s,]/.test(flags)) return new Option(flags);
  return Object.assign(new Option(`-${flags}`), { short: flags });
}
