import { type Command, Option } from "commander";
import { parseBytes, parseCount, parseRate, TenkError, withoutUndefined } from "../base/mod.ts";
import { eventLoops } from "../limits/mod.ts";
import { compileConstant, filesNamedIn, type WebSocketOptions } from "../load/mod.ts";
import { addContentOptions, type MessageWords } from "./load-options.ts";
import { addPaceOptions, type PaceWords, paceOf, type Sought, type SoughtText } from "./load-pace-options.ts";
import { addResultOptions, type ResultWords } from "./load-result-options.ts";
import { contentOf, header, percentiles, positive, seconds } from "./load-values.ts";
import { listOption, oneOf, valueOption } from "./options.ts";
import { refuseForWebSocket } from "./tcpkali.ts";

/** The options of `load ws` as read. */
export interface WebSocketWords extends ResultWords, PaceWords {
  readonly binary?: boolean;
  readonly fragment?: number;
  readonly ping?: number;
  readonly header?: readonly (readonly [name: string, value: string])[];
  readonly subprotocol?: readonly string[];
  readonly unescapeMessageArgs?: boolean;
  readonly connectTimeout?: number;
  readonly echo?: boolean;
  readonly waitReply?: boolean;
  readonly pipeline?: number;
  readonly latencyMarker?: SoughtText;
  readonly latencyMarkerSkip?: number;
  readonly latencyPercentiles?: readonly number[];
  readonly maxMessage?: number;
  readonly insecure?: boolean;
  readonly ssl?: boolean;
  readonly ca?: string;
  readonly unixSocket?: string;
  readonly sourceIp?: readonly string[];
  readonly nagle?: boolean;
  readonly rcvbuf?: number;
  readonly sndbuf?: number;
  readonly expect?: readonly string[];
}

/**
 * Adds every option of `load ws`, in the spelling of `load tcp` where that has it.
 * @returns the messages of the command line, complete once it is parsed
 */
export function addWebSocketOptions(command: Command): readonly MessageWords[] {
  const escapes = { on: false };
  command.on("option:unescape-message-args", () => {
    escapes.on = true;
  });
  const sought =
    (name: string) =>
    (text: string): SoughtText => ({ text, unescape: escapes.on, name });
  const messages = addContentOptions(command.optionsGroup("What is sent:"), escapes);
  command
    .option("--binary", "send messages as binary, not as text")
    .addOption(
      valueOption("--fragment <size>", "send longer messages in frames of so many bytes", positive(parseBytes)),
    )
    .addOption(
      valueOption("--ping <n>", "pings a second on each connection, whose pongs are timed", positive(parseRate)),
    );
  addPaceOptions(command.optionsGroup("How much, how fast, how long:"), sought);
  addAnswerOptions(command.optionsGroup("Answers and latency:"), sought);
  addConnectionOptions(command.optionsGroup("Connections:"));
  addResultOptions(command.optionsGroup("Result:"));
  refuseForWebSocket(command);
  return messages;
}

function addAnswerOptions(command: Command, sought: Sought): void {
  command
    .option("--echo", "every message that comes back answers the oldest: its latency is taken")
    .option("--wait-reply", "the same, and the next message is only sent then")
    .addOption(
      valueOption("--pipeline <n>", "messages that may be open at once with --wait-reply", positive(parseCount)),
    )
    .addOption(valueOption("--latency-marker <text>", "every occurrence answers a message", sought("--latency-marker")))
    .addOption(valueOption("--latency-marker-skip <n>", "ignore the first n of them", parseCount))
    .addOption(valueOption("--latency-percentiles <list>", "also print these: 95,99,99.5", percentiles))
    .addOption(
      valueOption("--max-message <size>", "longest message that may come back (default: 16MiB)", positive(parseBytes)),
    );
}

function addConnectionOptions(command: Command): void {
  command
    .addOption(listOption("-H, --header <line>", "Name: value of the opening handshake; repeatable", header))
    .addOption(listOption("--subprotocol <name>", "ask for it; may be given several times", String))
    .addOption(
      valueOption("--connect-timeout <time>", "of TCP, TLS and opening handshake together (default: 5s)", seconds),
    )
    .option("--insecure", "do not verify the certificate")
    .addOption(valueOption("--ca <file>", "certificates that are trusted instead of the system's", String))
    .addOption(valueOption("--unix-socket <path>", "connect here; the URL names the host", String))
    .addOption(listOption("--source-ip <address>", "connect from here; may be given several times", String))
    .addOption(valueOption("--nagle <on|off>", "gather small writes", (text) => oneOf("on", "off")(text) === "on"))
    .addOption(valueOption("--rcvbuf <size>", "SO_RCVBUF", parseBytes))
    .addOption(valueOption("--sndbuf <size>", "SO_SNDBUF", parseBytes))
    .addOption(new Option("--ws, --websocket", "tcpkali's word for what this command does").hideHelp())
    .addOption(new Option("--latency-connect", "always measured here").hideHelp())
    .addOption(new Option("--latency-first-byte", "the same").hideHelp());
}

/**
 * Converts the options of the command line to those of the load library.
 * @throws {TenkError} `usage` or `file-unreadable`
 */
export function webSocketOptionsOf(
  url: string,
  words: WebSocketWords,
  messages: readonly MessageWords[],
): WebSocketOptions {
  const paths = filesNamedIn(messages, { frames: true });
  return {
    url,
    ...withoutUndefined({
      headers: words.header,
      subprotocols: words.subprotocol,
      messages,
      files: new Map(paths.map((path) => [path, contentOf(path)])),
      binary: words.binary,
      fragmentBytes: words.fragment,
      pingsPerSecond: words.ping,
      answers: answersOf(words),
      pipeline: words.pipeline ?? (words.waitReply ? 1 : undefined),
      messageStop: words.messageStop && bytesOf(words.messageStop),
      maxMessageBytes: words.maxMessage,
      ...paceOf(words),
      connectTimeoutMs: words.connectTimeout,
      percentiles: words.latencyPercentiles,
      sourceAddresses: words.sourceIp,
      verifyTls: words.insecure === undefined ? undefined : !words.insecure,
      ca: words.ca,
      path: words.unixSocket,
      noDelay: words.nagle === undefined ? undefined : !words.nagle,
      receiveBufferBytes: words.rcvbuf,
      sendBufferBytes: words.sndbuf,
      workers: words.workers === "auto" ? Math.min(eventLoops(), words.connections) : words.workers,
      lateAfterMs: words.lateAfter,
      dropAfterMs: words.dropAfter,
      expectations: words.expect,
    }),
  };
}

function answersOf({ echo, waitReply, latencyMarker, latencyMarkerSkip }: WebSocketWords): WebSocketOptions["answers"] {
  if (latencyMarker === undefined && latencyMarkerSkip !== undefined) {
    throw new TenkError("usage", "--latency-marker-skip needs --latency-marker");
  }
  if (latencyMarker && echo) {
    throw new TenkError("usage", "--latency-marker and --echo exclude each other: an answer is found in one way");
  }
  if (latencyMarker) return { kind: "marker", text: bytesOf(latencyMarker), skip: latencyMarkerSkip ?? 0 };
  return echo || waitReply ? { kind: "order" } : undefined;
}

function bytesOf({ text, name, ...escapes }: SoughtText): Uint8Array {
  if (text === "") throw new TenkError("usage", `${name}: expected a text, found none`);
  return compileConstant(text, { ...escapes, name });
}
