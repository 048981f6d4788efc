import { useMemo } from "preact/hooks";
import { useCell } from "../cell.ts";
import { Foreign } from "../elements.tsx";
import { compact, duration, grouped, moment, written } from "../format.ts";
import { run } from "../instance.ts";
import { RunCharts } from "./charts.tsx";
import { runSpecs } from "./source.ts";

const PHASES: Readonly<Record<string, string>> = {
  connect: "opening connections",
  send: "sending",
  drain: "waiting for the last answers",
  done: "done",
};

/** The load test in progress from its first second, or one whose generator went silent, as it last was. */
export function LiveRunView() {
  const running = useCell(run);
  const series = useMemo(() => (running === undefined ? [] : [running.series]), [running]);
  if (running === undefined) return null;
  const { id, target, snapshot, lostAt } = running.now;
  const { connections, messages, latencyUs, generator, elapsedMs, durationMs, protocol } = snapshot;
  const isHttp = protocol != null;
  const isClosed = protocol?.model === "closed";
  const hasEnd = lostAt === undefined && typeof durationMs === "number" && Number.isFinite(durationMs);
  const share = hasEnd ? Math.min(1, elapsedMs / durationMs) : null;
  const lost = connections && Number(connections.failed) + Number(connections.lost);
  const stats: readonly (readonly [string, string, string])[] = [
    ["Connections", allDigits(connections?.open), `of ${allDigits(connections?.wanted)}`],
    [
      isHttp ? "Requests" : "Sent",
      written(messages?.perSecondSent, "perSecond"),
      isClosed ? allDigits(messages?.sent) : `${allDigits(messages?.sent)} of ${allDigits(messages?.planned)}`,
    ],
    [isHttp ? "Answers" : "Received", written(messages?.perSecondReceived, "perSecond"), allDigits(messages?.received)],
    ["Latency p99", latency(latencyUs?.p99), `p50 ${latency(latencyUs?.p50)}`],
    isHttp
      ? [
          "Errors",
          allDigits(protocol.errors),
          `${threeDigits(protocol.wrong)} wrong answers, ${allDigits(lost)} connections lost`,
        ]
      : ["Failed, lost", allDigits(lost), `${threeDigits(messages?.dropped)} messages dropped`],
    [
      "Generator",
      written(generator?.cpuPercent, "percent"),
      isHttp ? `loop lag ${latency(generator?.loopLagP99Us)}` : `${threeDigits(generator?.debtMessages)} messages due`,
    ],
  ];
  return (
    <section class="run" aria-label={lostAt === undefined ? "Run in progress" : "Lost run"}>
      <div class="panel head live-run">
        <div>
          {lostAt === undefined && (
            <p class="note">
              in progress · {PHASES[snapshot.phase] ?? snapshot.phase} · {duration(elapsedMs)}
              {share !== null && ` of ${duration(durationMs!)}`}
            </p>
          )}
          <h2>
            <Foreign text={target} />
          </h2>
          {lostAt !== undefined && (
            <p class="problem">
              <strong>Lost after {duration(elapsedMs)}.</strong> Its generator has sent nothing since {moment(lostAt)}.
              The result is not known.
            </p>
          )}
          {share !== null && (
            <progress max={1} value={share} aria-label="Progress of the run">
              {written(share, "share")}
            </progress>
          )}
        </div>
        <dl class="quick">
          {stats.map(([name, value, note]) => (
            <div class="stat" key={name}>
              <dt>{name}</dt>
              <dd>
                <span class="stat-value">{value}</span> <span class="stat-note">{note}</span>
              </dd>
            </div>
          ))}
        </dl>
      </div>
      <RunCharts
        id={`live-${id}`}
        runs={series}
        specs={runSpecs(running.series, isHttp)}
        isOver={lostAt !== undefined}
      />
    </section>
  );
}

type Value = number | null | undefined;

function allDigits(value: Value): string {
  return Number.isFinite(value) ? grouped(value!) : written(undefined, "count");
}

function threeDigits(value: Value): string {
  return Number.isFinite(value) ? compact(value!) : written(undefined, "count");
}

/** Nothing before the first answer. */
function latency(us: Value): string {
  return written(us || undefined, "us");
}
