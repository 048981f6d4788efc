import type { ProbedServiceView } from "../../probe-api.ts";
import { Foreign } from "../elements.tsx";
import { seconds } from "../format.ts";
import { hashOf } from "../route.ts";
import { shareText } from "./days.ts";
import { Address, Facts } from "./facts.tsx";
import { lastedText } from "./headline.ts";
import { Spark } from "./spark.tsx";
import { StateSign, toneOf } from "./state-sign.tsx";
import { UptimeBar } from "./uptime-bar.tsx";

interface TileProps {
  readonly view: ProbedServiceView;
  readonly today: string | undefined;
  readonly spark: readonly (number | null)[] | undefined;
  readonly nowMs: number;
}

/** One service: whether it is well, since when, and why not. */
export function Tile({ view, today, spark, nowMs }: TileProps) {
  const { service, state, sinceMs, reason, latencyMs, days = [], uptime } = view;
  return (
    <li class={`tile panel ${toneOf(state)}`}>
      <div class="tile-head">
        <h3>
          <a href={hashOf(["services", service])}>
            <Foreign text={service} />
          </a>
        </h3>
        <StateSign state={state} />
        <span class="note tile-since">{lastedText(nowMs - sinceMs)}</span>
      </div>
      <Reason reason={reason} />
      <Address view={view} />
      <div class="tile-latency">
        <Spark values={spark ?? []} />
        <span class="tile-number">{isAnswering(view) ? seconds(latencyMs! / 1000) : ""}</span>
      </div>
      <div class="tile-uptime">
        <UptimeBar name={service} days={days} today={today} />
        <span class="tile-number">{days.length > 0 ? shareText(uptime?.quarter) : ""}</span>
      </div>
      <Facts view={view} nowMs={nowMs} />
    </li>
  );
}

/** Whether its latency is of now: that of one that is down is of its last answer. */
export function isAnswering({ state, latencyMs }: ProbedServiceView): boolean {
  return latencyMs !== null && state !== "down" && state !== "unknown";
}

export function Reason({ reason }: { readonly reason: string | null }) {
  if (reason === null || reason === "") return null;
  return (
    <p class="tile-reason">
      <Foreign text={reason} />
    </p>
  );
}
