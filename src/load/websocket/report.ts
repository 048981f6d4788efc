import type { ProtocolResult } from "../loop/mod.ts";
import { CONNECT_PHASES } from "../measure/mod.ts";
import type { WebSocketReport } from "../report.ts";
import { countsByKind } from "./counts.ts";
import type { WebSocketPlan } from "./plan.ts";

const MEASURED = [...CONNECT_PHASES, "ping"] as const;

/** Makes the report's section of WebSocket. */
export function webSocketReport(
  plan: WebSocketPlan,
  { counts, latencies, percentiles }: ProtocolResult,
): WebSocketReport {
  const sums = countsByKind(counts);
  const measured = MEASURED.filter((name) => latencies.count(name) > 0);
  return {
    kind: "ws",
    url: plan.url,
    subprotocols: sums.subprotocols,
    binary: plan.binary,
    fragmentBytes: Number.isFinite(plan.fragmentBytes) ? plan.fragmentBytes : null,
    messages: sums.messages,
    contentBytes: sums.content,
    pings: {
      sent: sums.pingsSent,
      answered: sums.pongs,
      unexpectedPongs: sums.strayPongs,
      received: sums.pingsReceived,
      ignored: sums.pingsIgnored,
    },
    closes: sums.closes,
    errors: Object.values(sums.errorsBy).reduce((sum, count) => sum + count, 0),
    errorsBy: sums.errorsBy,
    latencyUs: Object.fromEntries(measured.map((name) => [name, latencies.summary(name, percentiles)])),
  };
}
