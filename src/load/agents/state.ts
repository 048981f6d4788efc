import type { EndedBy } from "../loop/mod.ts";
import {
  ALL_LATENCIES,
  addEncoded,
  DROP_CAUSES,
  type EncodedHistogram,
  type EncodedLatencies,
  emptyHistogram,
  encodeHistogram,
  Latencies,
  type LatencyName,
  Tally,
  type TallyFields,
} from "../measure/mod.ts";
import type { LoadState } from "../workers/mod.ts";
import { amount, bytes, count, counts, type Fields, finite, list, object } from "./check.ts";
import { malformed } from "./frame.ts";
import { MAX_HISTOGRAM_BYTES, readHistogram, writeHistogram } from "./histogram.ts";

/** What an agent tells of itself beside what it counts. */
export interface Vitals {
  readonly cpu: { readonly percent: number; readonly seconds: number; readonly sendMs: number };
  readonly cpuPercentNow: number;
  readonly idleCores: number | undefined;
  readonly rssBytes: number;
  readonly startLateUs: number;
}

/** One state of an agent; it replaces the one before. The last has `isLast`, and every histogram. */
export interface AgentProgress extends LoadState, Vitals {
  readonly isDraining: boolean;
  readonly endedBy: EndedBy;
  readonly isLast: boolean;
}

/** Names of what is counted, beyond which a state is refused: a hundred requests, each with its statuses and latencies. */
const MAX_NAMES = 100_000;
const MAX_ADDRESSES = 1000;
const ENDS: readonly EndedBy[] = [null, "stopped", "message-stop", "no-connections"];

/** Returns a state as plain data for a frame; of one that is not the last, only the latencies that are shown meanwhile. */
export function writeState(progress: AgentProgress): Fields {
  const { tally, latencies, lag, isLast, ...rest } = progress;
  const shown: readonly LatencyName[] = latencies.count("message") > 0 ? ["message"] : ["send"];
  const { histograms, atLeast, messageBuckets } = latencies.encode(isLast ? ALL_LATENCIES : shown);
  const lags = encodeHistogram(lag);
  return {
    ...rest,
    isLast,
    tally: { ...tally },
    latencies: {
      histograms: Object.fromEntries(Object.entries(histograms).map(([name, each]) => [name, writeHistogram(each)])),
      atLeast,
      messageBuckets: Array.from(messageBuckets),
    },
    ...(lags && { lag: writeHistogram(lags) }),
  };
}

/** Reads what `writeState` wrote. Everything in it is checked and bounded. @throws {TenkError} for anything else */
export function readState(fields: Fields): AgentProgress {
  const cpu = object(fields.cpu, "cpu");
  const lag = emptyHistogram();
  addEncoded(lag, fields.lag === undefined ? undefined : histogram(fields.lag, "lag"));
  const endedBy = fields.endedBy as EndedBy;
  if (!ENDS.includes(endedBy)) throw malformed("how it ended");
  return {
    tally: readTally(object(fields.tally, "tally")),
    latencies: Latencies.decode(readLatencies(object(fields.latencies, "latencies"))),
    lag,
    debt: amount(fields.debt, "debt"),
    cpu: {
      percent: amount(cpu.percent, "cpu"),
      seconds: amount(cpu.seconds, "cpu"),
      sendMs: amount(cpu.sendMs, "cpu"),
    },
    cpuPercentNow: amount(fields.cpuPercentNow, "cpu"),
    idleCores: fields.idleCores === undefined ? undefined : finite(fields.idleCores, "idle cores"),
    rssBytes: amount(fields.rssBytes, "memory"),
    startLateUs: amount(fields.startLateUs, "lateness"),
    isDraining: fields.isDraining === true,
    endedBy,
    isLast: fields.isLast === true,
  };
}

function readTally(fields: Fields): Tally {
  const tally = new Tally();
  const { dropped, byCause, byProtocol, byAddress, ...numbers } = fields;
  const known = Object.keys(tally).filter((name) => typeof tally[name as keyof Tally] === "number");
  for (const name of known) count(numbers[name], name);
  const causes = object(dropped, "drops");
  for (const cause of DROP_CAUSES) count(causes[cause], cause);
  const addresses = Object.entries(object(byAddress, "addresses"));
  if (addresses.length > MAX_ADDRESSES) throw malformed("too many addresses");
  for (const [address, outcomes] of addresses) {
    if (address.length > 100 || address === "__proto__") throw malformed("an address");
    counts(outcomes, 100, "outcomes");
  }
  counts(byCause, 1000, "causes");
  counts(byProtocol, MAX_NAMES, "counts");
  tally.add(fields as unknown as TallyFields);
  return tally;
}

function readLatencies(fields: Fields): EncodedLatencies {
  const given = object(fields.histograms, "histograms");
  const histograms: Partial<Record<LatencyName, EncodedHistogram>> = {};
  for (const name of ALL_LATENCIES) if (given[name] !== undefined) histograms[name] = histogram(given[name], name);
  const leasts = object(fields.atLeast, "lower bounds");
  const atLeast = ALL_LATENCIES.map((name) => {
    const least = object(leasts[name], name);
    const fromUs = least.fromUs === Number.POSITIVE_INFINITY ? least.fromUs : amount(least.fromUs, name);
    return [name, { count: count(least.count, name), fromUs }] as const;
  });
  const buckets = list(fields.messageBuckets, 33, "buckets");
  return {
    histograms,
    atLeast: Object.fromEntries(atLeast) as EncodedLatencies["atLeast"],
    messageBuckets: Float64Array.from(buckets, (each) => count(each, "buckets")),
  };
}

function histogram(value: unknown, what: string): EncodedHistogram {
  return readHistogram(bytes(value, MAX_HISTOGRAM_BYTES, what));
}
