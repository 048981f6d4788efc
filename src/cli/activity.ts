import { formatBytes } from "../base/mod.ts";
import { sparkline } from "./live-frame.ts";
import type { RecentSeries } from "./recent-series.ts";

const SPARK_WIDTH = 12;
/** Digits may change from second to second; the columns behind them must not move. */
const NUMBER_WIDTH = 10;

const RATES = [
  ["received", "tenk_host_network_receive_bytes_total"],
  ["sent", "tenk_host_network_transmit_bytes_total"],
  ["disk read", "tenk_host_disk_read_bytes_total"],
  ["written", "tenk_host_disk_written_bytes_total"],
] as const;

/** Returns what the machine did in the last seconds, each with a small curve; empty where the history is not known. */
export function activityFacts(recent: Pick<RecentSeries, "of">): string {
  const busy = recent.of("tenk_host_cpu_seconds_total", { mode: "idle" }).map((idle) => Math.max(0, 1 - idle));
  const facts =
    busy.length === 0 ? [] : [`CPU ${`${Math.round(busy.at(-1)! * 100)}%`.padStart(4)} ${sparkOfShare(busy)}`];
  for (const [title, name] of RATES) {
    const values = recent.of(name);
    if (values.length === 0) continue;
    facts.push(
      `${title} ${`${formatBytes(values.at(-1)!)}/s`.padStart(NUMBER_WIDTH)} ${sparkline(values, SPARK_WIDTH)}`,
    );
  }
  return facts.join(", ");
}

/** A share has a top of its own: half a processor is half a curve. */
function sparkOfShare(shares: readonly number[]): string {
  return sparkline([1, ...shares.slice(-SPARK_WIDTH)], SPARK_WIDTH + 1).slice(1);
}
