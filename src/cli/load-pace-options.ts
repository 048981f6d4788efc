import type { Command } from "commander";
import { parseBandwidth, parseCount, parseRate, TenkError, withoutUndefined } from "../base/mod.ts";
import { positive, seconds } from "./load-values.ts";
import { parseWorkers, valueOption } from "./options.ts";

/** Text to be found in what comes back; `-e` holds for it too. */
export interface SoughtText {
  readonly text: string;
  readonly unescape: boolean;
  readonly name: string;
}

/** Makes the parser of such a text: it remembers the option's name, and whether an `-e` stood before it. */
export type Sought = (name: string) => (text: string) => SoughtText;

/** How many connections, how fast and how long, for protocols of messages: milliseconds, bytes a second, messages a second. */
export interface PaceWords {
  readonly connections: number;
  readonly connectRate: number;
  readonly channelLifetime?: number;
  readonly channelBandwidthUpstream?: number;
  readonly channelBandwidthDownstream?: number;
  readonly duration: number;
  readonly delaySend?: number;
  readonly reconnect?: boolean;
  readonly messageRate?: number;
  readonly totalRate?: number;
  readonly shape?: string;
  readonly messageStop?: SoughtText;
  readonly lateAfter?: number;
  readonly dropAfter?: number;
  readonly workers?: number | "auto";
}

export function addPaceOptions(command: Command, sought: Sought): Command {
  return command
    .addOption(valueOption("-c, --connections <n>", "connections to hold", positive(parseCount)).default(1))
    .addOption(valueOption("--connect-rate <n>", "connections opened a second", positive(parseRate)).default(100))
    .addOption(valueOption("--channel-lifetime <time>", "close and reopen each connection after", seconds))
    .option("--reconnect", "open connections again that are lost or cannot be opened")
    .addOption(valueOption("-r, --message-rate <n>", "messages a second on each connection", perConnectionRate))
    .addOption(
      valueOption("--total-rate <n>", "messages a second over all connections", positive(parseRate)).conflicts(
        "messageRate",
      ),
    )
    .addOption(
      valueOption("--shape <shape>", "how the rate moves: constant, ramp, steps, spike, sine, poisson", String),
    )
    .addOption(
      valueOption(
        "-T, --duration <time>",
        "how long, from the last connect on; -1 until ended",
        durationOrForever,
      ).default(10_000, "10s"),
    )
    .addOption(valueOption("--delay-send <time>", "keep a new connection silent for", seconds))
    .addOption(
      valueOption("--channel-bandwidth-upstream <rate>", "bytes out a connection: 10kBps, 1Mbps", bandwidth).conflicts(
        "messageRate",
      ),
    )
    .addOption(valueOption("--channel-bandwidth-downstream <rate>", "bytes in a connection; 0 never reads", bandwidth))
    .addOption(valueOption("--message-stop <text>", "end the run when this comes back", sought("--message-stop")))
    .addOption(valueOption("--late-after <time>", "a message sent later than this counts as late", seconds))
    .addOption(valueOption("--drop-after <time>", "one that could not be sent for so long is dropped", seconds))
    .addOption(valueOption("-w, --workers <n>", "event loops that send: a number or auto", parseWorkers));
}

/** Returns them as options of the load library; those that were not given are left out. */
export function paceOf(words: PaceWords) {
  return withoutUndefined({
    connections: words.connections,
    connectRate: words.connectRate,
    channelLifetimeMs: words.channelLifetime,
    upstreamBytesPerSecond: words.channelBandwidthUpstream,
    downstreamBytesPerSecond: words.channelBandwidthDownstream,
    durationMs: words.duration,
    delaySendMs: words.delaySend,
    reconnect: words.reconnect,
    ratePerConnection: words.messageRate,
    totalRate: words.totalRate,
    shape: words.shape,
  });
}

export function durationOrForever(text: string): number {
  return text === "-1" ? Number.POSITIVE_INFINITY : seconds(text);
}

export function bandwidth(text: string): number {
  return text.trim() === "0" ? 0 : parseBandwidth(text);
}

export function perConnectionRate(text: string): number {
  if (!text.startsWith("@")) return positive(parseRate)(text);
  throw new TenkError("unsupported", `a search for the rate that keeps a latency is spelled otherwise here`, {
    hint: `--find-limit --expect "p95<${text.slice(1)}"`,
  });
}
