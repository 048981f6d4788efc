import { useMemo } from "preact/hooks";
import { run } from "../box.ts";
import { useCell } from "../cell.ts";
import { compact, duration, grouped, moment, seconds, written } from "../format.ts";
import { Foreign } from "../parts.tsx";
import { RunCharts } from "./charts.tsx";
import { RUN_SPECS } from "./source.ts";

const PHASES: Readonly<Record<string, string>> = {
  connect: "opening connections",
  send: "sending",
  drain: "waiting for the last answers",
  done: "done",
};

/** The load test in progress, as it goes, from its first second on; or one that has fallen silent, as it was last. */
export function LiveRunView() {
  const running = useCell(run);
  const series = useMemo(() => (running === undefined ? [] : [running.series]), [running]);
  if (running === undefined) return null;
  const { id, target, snapshot, lostAt } = running.now;
  const { connections, messages, latencyUs, generator, elapsedMs, durationMs } = snapshot;
  const hasEnd = lostAt === undefined && durationMs !== null && Number.isFinite(durationMs);
  const share = hasEnd ? Math.min(1, elapsedMs / durationMs) : null;
  const stats: readonly (readonly [string, string, string])[] = [
    ["Connections", grouped(connections.open), `of ${grouped(connections.wanted)}`],
    ["Sent", written(messages.perSecondSent, "perSecond"), `${grouped(messages.sent)} of ${grouped(messages.planned)}`],
    ["Received", written(messages.perSecondReceived, "perSecond"), grouped(messages.received)],
    ["Latency p99", latencyUs.p99 > 0 ? seconds(latencyUs.p99 / 1e6) : "–", `p50 ${seconds(latencyUs.p50 / 1e6)}`],
    ["Failed, lost", grouped(connections.failed + connections.lost), `${compact(messages.dropped)} messages dropped`],
    ["Generator", written(generator.cpuPercent, "percent"), `${compact(generator.debtMessages)} messages due`],
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
              <strong>Lost after {duration(elapsedMs)}.</strong> Nothing was heard of its generator since{" "}
              {moment(lostAt)}, and what the run came to is not known.
            </p>
          )}
          {share !== null && (
            <progress max={1} value={share} aria-label="How far the run is">
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
      <RunCharts id={`live-${id}`} runs={series} specs={RUN_SPECS} />
    </section>
  );
}
