import { type Command, Option } from "commander";
import { parseBytes, parseCount } from "../base/mod.ts";
import { addPaceOptions, type PaceWords, type Sought, type SoughtText } from "./load-pace-options.ts";
import { addResultOptions, type ResultWords } from "./load-result-options.ts";
import { contentOf, percentiles, positive, seconds } from "./load-values.ts";
import { listOption, oneOf, valueOption } from "./options.ts";
import { refuseTcpkaliOptions } from "./tcpkali.ts";

/** One `-m`, `-f`, `-1` or `--first-message-file`, in the order of the command line. */
export type MessageWords = {
  readonly first: boolean;
  /** An `-e` stood before it. */
  readonly unescape: boolean;
  readonly name: string;
} & ({ readonly kind: "text"; readonly text: string } | { readonly kind: "file-bytes"; readonly bytes: Uint8Array });

/** The options of `load tcp` as read: milliseconds, bytes, bytes a second, messages a second. */
export interface LoadWords extends ResultWords, PaceWords {
  readonly connectTimeout: number;
  readonly unescapeMessageArgs?: boolean;
  readonly latencyConnect?: boolean;
  readonly latencyFirstByte?: boolean;
  readonly latencyMarker?: SoughtText;
  readonly latencyMarkerSkip?: number;
  readonly latencyPercentiles?: readonly number[];
  readonly waitReply?: boolean;
  readonly pipeline?: number;
  readonly replyLength?: number;
  readonly replyEnd?: SoughtText;
  readonly sourceIp?: readonly string[];
  readonly ssl?: boolean;
  readonly nagle?: boolean;
  readonly rcvbuf?: number;
  readonly sndbuf?: number;
  readonly expect?: readonly string[];
  readonly dumpOne?: boolean;
  readonly dumpOneIn?: boolean;
  readonly dumpOneOut?: boolean;
  readonly dumpAll?: boolean;
  readonly dumpAllIn?: boolean;
  readonly dumpAllOut?: boolean;
}

/**
 * Adds every option of `load tcp`, in tcpkali's spelling where tcpkali has it.
 *
 * @returns the messages of the command line, complete once it is parsed
 */
export function addLoadOptions(command: Command): readonly MessageWords[] {
  // -e is position sensitive, as in tcpkali: it holds for what stands after it. commander reads from left to right.
  const escapes = { on: false };
  command.on("option:unescape-message-args", () => {
    escapes.on = true;
  });
  const sought =
    (name: string) =>
    (text: string): SoughtText => ({ text, unescape: escapes.on, name });
  const messages = addContentOptions(command.optionsGroup("What is sent:"), escapes);
  addPaceOptions(command.optionsGroup("How much, how fast, how long:"), sought).addOption(
    valueOption("--connect-timeout <time>", "give up a connect after", seconds).default(1000, "1s"),
  );
  addReplyOptions(command.optionsGroup("Replies and latency:"), sought);
  addSocketOptions(command.optionsGroup("Sockets:"));
  addTcpResultOptions(command.optionsGroup("Result:"));
  refuseTcpkaliOptions(command);
  return messages;
}

export function addContentOptions(command: Command, escapes: { readonly on: boolean }): readonly MessageWords[] {
  const messages: MessageWords[] = [];
  const text = (name: string, first: boolean) => (value: string) => {
    messages.push({ kind: "text", text: value, first, unescape: escapes.on, name });
  };
  const file = (name: string, first: boolean) => (path: string) => {
    messages.push({ kind: "file-bytes", bytes: contentOf(path), first, unescape: escapes.on, name: `${name} ${path}` });
  };
  command
    .addOption(
      valueOption("-m, --message <text>", "send this again and again; several make one message", text("-m", false)),
    )
    .addOption(valueOption("-f, --message-file <file>", "the same, from a file", file("-f", false)))
    .addOption(valueOption("-1, --first-message <text>", "send this once, when a connection opens", text("-1", true)))
    .addOption(valueOption("--first-message-file <file>", "the same, from a file", file("--first-message-file", true)))
    .option("-e, --unescape-message-args", "read \\n, \\xHH … in the texts after it");
  return messages;
}

function addReplyOptions(command: Command, sought: Sought): void {
  command
    .option("--latency-connect", "always measured here; taken for tcpkali's sake")
    .option("--latency-first-byte", "the same")
    .addOption(valueOption("--latency-marker <text>", "every occurrence answers a message", sought("--latency-marker")))
    .addOption(valueOption("--latency-marker-skip <n>", "ignore the first n of them", parseCount))
    .addOption(valueOption("--latency-percentiles <list>", "also print these: 95,99,99.5", percentiles))
    .option("--wait-reply", "the next reply answers the oldest request; only then is the next one sent")
    .addOption(
      valueOption("--pipeline <n>", "requests that may be open at once with --wait-reply", positive(parseCount)),
    )
    .addOption(valueOption("--reply-length <size>", "a reply is this long", positive(parseBytes)))
    .addOption(valueOption("--reply-end <text>", "a reply ends with this", sought("--reply-end")));
}

function addSocketOptions(command: Command): void {
  command
    .addOption(listOption("--source-ip <address>", "connect from here; may be given several times", String))
    .option("--ssl", "connect with TLS, believing any certificate")
    .addOption(valueOption("--nagle <on|off>", "gather small writes", (text) => oneOf("on", "off")(text) === "on"))
    .addOption(valueOption("--rcvbuf <size>", "SO_RCVBUF", parseBytes))
    .addOption(valueOption("--sndbuf <size>", "SO_SNDBUF", parseBytes));
}

function addTcpResultOptions(command: Command): void {
  addResultOptions(command)
    .addOption(valueOption("--stats-url <url>", "tenk whose counters are read before and after, or none", String))
    .option("-d, --dump-one", "print what the first connection sends and gets")
    .option("--dump-one-in", "what it gets")
    .option("--dump-one-out", "what it sends")
    .option("--dump-all", "print what every connection sends and gets")
    .option("--dump-all-in", "what they get")
    .option("--dump-all-out", "what they send");
  addOldNames(command);
}

/** Names of the version before, for one more version; the help does not show them. */
function addOldNames(command: Command): void {
  command
    .addOption(valueOption("--box <url>", "old name of --stats-url", String).hideHelp())
    .on("option:box", (url: string) => command.setOptionValue("statsUrl", url))
    .addOption(new Option("--no-keep", "old name of --no-save").hideHelp())
    .on("option:no-keep", () => command.setOptionValue("save", false));
}

/** An `-e` holds for the texts after it: behind the last it does nothing. */
export function unescapesNothing(
  words: Pick<LoadWords, "unescapeMessageArgs" | "messageStop" | "latencyMarker" | "replyEnd">,
  messages: readonly MessageWords[],
): boolean {
  const texts = [...messages, words.messageStop, words.latencyMarker, words.replyEnd];
  return words.unescapeMessageArgs === true && !texts.some((text) => text?.unescape);
}
