import { silentUdpThreads } from "./udp/mod.ts";
import { sharedThreads } from "./worker/mod.ts";

/**
 * Returns the threads that do not answer: an endless loop in a handler, say. A thread that starts, or starts again after a crash, is
 * not among them.
 *
 * @returns what each of them runs: names of listeners
 */
export async function silentThreads(withinMs: number): Promise<readonly string[]> {
  const silent = await Promise.all([sharedThreads.silent(withinMs), silentUdpThreads(withinMs)]);
  return silent.flat();
}
