import { readFileSync } from "node:fs";
import type { Address } from "../app/mod.ts";
import { fileProblemOf, TenkError, withoutUndefined } from "../base/mod.ts";
import { eventLoops } from "../limits/mod.ts";
import {
  compileConstant,
  filesNamedIn,
  type LoadOptions,
  type LoadPlan,
  type LoadProtocol,
  readInstanceStats,
  statsProblemText,
  type TcpOptions,
} from "../load/mod.ts";
import type { LoadWords, MessageWords } from "./load-options.ts";
import { paceOf, type SoughtText } from "./load-pace-options.ts";
import { environmentToken } from "./load-run.ts";

/**
 * Converts the options of the command line to those of the load library. Options that were not given are left out, so that the
 * library's own defaults hold.
 *
 * @throws {TenkError} `usage` or `file-unreadable`
 */
export function loadOptionsOf(target: Address, words: LoadWords, messages: readonly MessageWords[]): TcpOptions {
  return withoutUndefined({
    ...target,
    ...paceOf(words),
    connectTimeoutMs: words.connectTimeout,
    messages,
    files: filesOf(messages),
    messageStop: words.messageStop && bytesOf(words.messageStop),
    replies: repliesOf(words),
    pipeline: words.pipeline ?? (words.waitReply ? 1 : undefined),
    percentiles: words.latencyPercentiles,
    sourceAddresses: words.sourceIp,
    tls: words.ssl ? { verify: false } : undefined,
    noDelay: words.nagle === undefined ? undefined : !words.nagle,
    receiveBufferBytes: words.rcvbuf,
    sendBufferBytes: words.sndbuf,
    workers: words.workers === "auto" ? Math.min(eventLoops(), words.connections) : words.workers,
    lateAfterMs: words.lateAfter,
    dropAfterMs: words.dropAfter,
    expectations: words.expect,
    statsUrl: statsUrlOf(words.statsUrl),
  });
}

/** Replies are found by a marker, an end or a length; a chunk is a guess. */
function repliesOf({
  latencyMarker,
  latencyMarkerSkip,
  replyEnd,
  replyLength,
  waitReply,
}: LoadWords): TcpOptions["replies"] {
  const given = [latencyMarker && "--latency-marker", replyEnd && "--reply-end", replyLength && "--reply-length"];
  const names = given.filter((name) => name !== undefined);
  if (names.length > 1)
    throw new TenkError("usage", `${names.join(" and ")} exclude each other: a reply is found in one way`);
  if (latencyMarkerSkip !== undefined && !latencyMarker) {
    throw new TenkError("usage", "--latency-marker-skip needs --latency-marker");
  }
  if (latencyMarker) return { kind: "marker", text: bytesOf(latencyMarker), skip: latencyMarkerSkip ?? 0 };
  if (replyEnd) return { kind: "delimiter", text: bytesOf(replyEnd) };
  if (replyLength) return { kind: "length", bytes: replyLength };
  return waitReply ? { kind: "chunk" } : undefined;
}

function bytesOf({ text, name, ...escapes }: SoughtText): Uint8Array {
  if (text === "") throw new TenkError("usage", `${name}: expected a text, found none`);
  return compileConstant(text, { ...escapes, name });
}

/** What the files of `\{<file>}` hold. */
function filesOf(messages: readonly MessageWords[]): ReadonlyMap<string, Uint8Array> {
  return new Map(filesNamedIn(messages).map((path) => [path, contentOf(path)]));
}

function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot read ${path} of a message: ${fileProblemOf(error)}`, {
      cause: error,
    });
  }
}

/** A busy instance answers in this time too. */
const STATS_TIMEOUT_MS = 5000;

/**
 * Reads the counters at the address of `--stats-url`. A run that cannot read them later would pass without the proof.
 *
 * @throws {TenkError} `usage` when no tenk instance answers there
 */
export async function mustHaveStats<Plan extends LoadPlan>(
  { target }: LoadProtocol<Plan>,
  { statsUrl, port = 0 }: Pick<LoadPlan, "statsUrl" | "port">,
): Promise<void> {
  if (statsUrl === false || target === undefined) return;
  const options = { timeoutMs: STATS_TIMEOUT_MS, token: environmentToken(process.env) };
  const result = await readInstanceStats(statsUrl, port, target, options);
  if (result !== "silent" && result !== "not-tenk") return;
  throw new TenkError("usage", `--stats-url: ${statsProblemText(result, statsUrl, port)}`, {
    hint: "expected the address of the target's dashboard, such as http://127.0.0.1:9190, or none",
  });
}

export function statsUrlOf(text: string | undefined): LoadOptions["statsUrl"] {
  if (text === undefined) return undefined;
  if (text === "none") return false;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new TenkError("usage", `--stats-url: Cannot read "${text}" as an address: expected http://host:port or none`);
  }
  // A proxy may serve it below a path, which may be written without its last slash.
  const root = new URL(text);
  if (!root.pathname.endsWith("/")) root.pathname += "/";
  return new URL("api/status", root).href;
}
