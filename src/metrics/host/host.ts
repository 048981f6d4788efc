import type { Family } from "../exposition.ts";
import { hostCollector } from "./collector.ts";
import { numberOf } from "./files.ts";
import { type HostSample, hostSampler } from "./sampler.ts";
import { type HostOptions, openSources } from "./sources.ts";

/** The machine that tenk runs on: a few numbers for each second, and everything for a scrape. */
export interface Host {
  /**
   * Reads the numbers that the history and the page show every second, in a quarter of a millisecond. Values that may hang
   * are those of the previous call, which only requests them: the temperature, and the root file system where a device or a
   * server must be asked.
   */
  sample(): HostSample;
  /** Requests the values that may hang; resolves when they have come or timed out. */
  ready(): Promise<void>;
  /** Returns how many programs the kernel has ended for want of memory since the boot; undefined where it does not tell (before Linux 4.13). */
  oomKills(): number | undefined;
  /**
   * Reads everything: 3 ms for 430 values, 6 ms for 1250, most of it the kernel's. Never rejects; takes a little more than
   * a second at most, when something hangs. Concurrent calls share one read.
   */
  collect(): Promise<readonly Family[]>;
}

/**
 * @example
 * const host = openHost();
 * host.sample().memoryTotalBytes !== 0; // true
 * const families = await host.collect();
 * families.some(({ name }) => name === "node_load1"); // true
 */
export function openHost(options: HostOptions = {}): Host {
  const sources = openSources(options);
  const oomKills = () => numberOf(/^oom_kill (\d+)$/m.exec(sources.files.text("/proc/vmstat") ?? "")?.[1]);
  return { ...hostSampler(sources), oomKills, collect: hostCollector(sources) };
}
