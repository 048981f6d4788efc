import { type Command, Option } from "commander";
import { TenkError } from "../base/mod.ts";

/** An option of tcpkali that tenk does not have: why, and what to use. */
interface Refused {
  readonly flags: string;
  readonly why: string;
  readonly instead: string;
}

const STATSD = { why: "tenk does not speak StatsD", instead: "--json gives the report, and tenk up has /metrics" };
const LISTENING = { why: "the generator only connects", instead: "tenk up --listen HOST:PORT listens" };
const WEBSOCKET = {
  why: "a WebSocket has a command of its own",
  instead: "tenk load ws ws://HOST:PORT/PATH takes the other options",
};
const CERTIFICATE = { why: "it is for the listening side", instead: "--ssl alone connects with TLS" };

/** Known by name so that a command line made for tcpkali fails with its reason, not as a typing error. */
export const REFUSED: readonly Refused[] = [
  { flags: "-l, --listen-port [address]", ...LISTENING },
  { flags: "--listen-mode [mode]", ...LISTENING },
  { flags: "--ws, --websocket", ...WEBSOCKET },
  {
    flags: "-H, --header [header]",
    why: "fields belong to HTTP",
    instead: "tenk load ws sends them, and so does tenk load http",
  },
  { flags: "--ssl-cert [file]", ...CERTIFICATE },
  { flags: "--ssl-key [file]", ...CERTIFICATE },
  { flags: "--statsd", ...STATSD },
  { flags: "--statsd-host [host]", ...STATSD },
  { flags: "--statsd-port [port]", ...STATSD },
  { flags: "--statsd-namespace [name]", ...STATSD },
  { flags: "--statsd-latency-window [time]", ...STATSD },
  {
    flags: "--server [address]",
    why: "there is no remote control",
    instead: "+ and - change the rate of a running load",
  },
  {
    flags: "--write-combine [on|off]",
    why: "with a rate each message is a write of its own",
    instead: "leave it out",
  },
  {
    flags: "--message-marker",
    why: "markers that another program sent are not looked for",
    instead: "write \\{message.marker} in -m and the reply is timed",
  },
];

/** What `load ws` has, and what belongs to a stream of bytes. */
const OF_WEBSOCKET = new Set(["--ws, --websocket", "-H, --header [header]"]);
const REPLY = { why: "a message is a reply, however long it is", instead: "--echo or --wait-reply takes its latency" };
const DUMP = { why: "frames are masked", instead: "a server that prints what it gets shows it" };
const REFUSED_FOR_WEBSOCKET: readonly Refused[] = [
  ...REFUSED.filter(({ flags }) => !OF_WEBSOCKET.has(flags)),
  { flags: "--reply-length [size]", ...REPLY },
  { flags: "--reply-end [text]", ...REPLY },
  { flags: "--ssl", why: "it believes any certificate", instead: "wss://HOST/PATH, and --insecure to do so" },
  { flags: "-d, --dump-one [time]", why: "frames are masked", instead: "if the duration was meant: -T 30s" },
  ...["--dump-one-in", "--dump-one-out", "--dump-all", "--dump-all-in", "--dump-all-out"].map((flags) => ({
    flags,
    ...DUMP,
  })),
];

/** Adds them, hidden in the help. */
export function refuseTcpkaliOptions(command: Command): void {
  refuseOptions(command, REFUSED);
}

/** The same for `load ws`. */
export function refuseForWebSocket(command: Command): void {
  refuseOptions(command, REFUSED_FOR_WEBSOCKET);
}

function refuseOptions(command: Command, refused: readonly Refused[]): void {
  for (const { flags, why, instead } of refused) {
    const option = new Option(flags).hideHelp();
    command.addOption(option).on(`option:${option.name()}`, () => {
      const names = flags.replace(/ \[.*$/, "");
      throw new TenkError("unsupported", `${names} is not carried over from tcpkali: ${why}`, { hint: instead });
    });
  }
}
