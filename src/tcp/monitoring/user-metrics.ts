import type { Registry } from "prom-client";
import { addUserMetrics, readUserMetrics } from "../../metrics/mod.ts";
import type { Server } from "../../net/mod.ts";

/** The metrics that handlers made themselves, added up over this event loop and those of all workers. */
export async function userMetrics(servers: Iterable<Server>): Promise<Registry> {
  // A server without workers runs here, and what it would answer is what we read ourselves.
  const asked = [...servers].filter(({ workers }) => workers > 1).map((server) => server.ask("metrics"));
  const answers = (await Promise.all([readUserMetrics(), ...asked.map((each) => each)])) as unknown[][];
  const [own = [], ...ofServers] = answers;
  // A worker whose handler imports nothing of tenk has none, one that is held up does not answer.
  const ofWorkers = ofServers.flat().filter((each): each is unknown[] => Array.isArray(each));
  return addUserMetrics([own, ...ofWorkers]);
}
