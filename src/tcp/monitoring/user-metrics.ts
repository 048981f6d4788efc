import type { Registry } from "prom-client";
import { addUserMetrics, readUserMetrics } from "../../metrics/mod.ts";
import { sharedThreads } from "../../net/mod.ts";

/** The metrics that handlers made themselves, added up over this event loop and those of all threads. */
export async function userMetrics(): Promise<Registry> {
  const [own, ofThreads] = await Promise.all([readUserMetrics(), sharedThreads.request("metrics")]);
  // A thread whose handlers import nothing of tenk has none.
  return addUserMetrics([own, ...ofThreads.filter((each): each is unknown[] => Array.isArray(each))]);
}
