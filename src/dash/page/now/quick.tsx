import type { ComponentChildren } from "preact";
import type { HostStatus, LimitsStatus, SeriesName } from "../../api.ts";
import { useCell } from "../cell.ts";
import { Bar, Empty, Foreign } from "../elements.tsx";
import { bytes, duration, written } from "../format.ts";
import { type Latest, latest, names, state, status } from "../instance.ts";
import { keysOf } from "../names.ts";

/** The state of the machine at a glance. */
export function QuickStats() {
  const known = useCell(status);
  const second = useCell(latest);
  const series = useCell(names);
  const isLive = useCell(state) === "live";
  if (known?.host === undefined) return <Empty title="Waiting for data …" />;
  const host = isLive ? { ...known.host, ...moving(second, series) } : known.host;
  const { limits } = known;
  return (
    <>
      <Throttling host={host} />
      <dl class="quick">
        <Cpu host={host} limits={limits} />
        <Stat
          name="Load average"
          value={host.load1?.toFixed(2) ?? "–"}
          share={host.load1 === null || host.cores === 0 ? null : host.load1 / host.cores}
        >
          over 1 minute
        </Stat>
        <Memory host={host} limits={limits} />
        {host.swapTotalBytes !== 0 && <Amount name="Swap" used={host.swapUsedBytes} total={host.swapTotalBytes} />}
        <RootDisk host={host} />
        <Temperature host={host} />
        <Stat name="Machine uptime" value={host.uptimeSeconds === null ? "–" : duration(host.uptimeSeconds * 1000)} />
        <Stat name="tenk uptime" value={duration(Date.now() - Date.parse(known.startedAt))} />
      </dl>
    </>
  );
}

/** Why a board throttles its processor, and what to do. */
function Throttling({ host: { throttling } }: { readonly host: HostStatus }) {
  if (throttling === null || throttling.text === "") return null;
  return (
    <div class="problem throttling" role="status">
      <strong>{capitalized(throttling.text)}.</strong> {capitalized(throttling.fix)}.
    </div>
  );
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The values of the last second, which are newer than the status. */
function moving({ values }: Latest, series: readonly SeriesName[]): Partial<HostStatus> {
  const one = (name: string, labels: Record<string, string> = {}) => values.get(keysOf(series, name, labels)[0] ?? "");
  const [idle, load1] = [one("tenk_host_cpu_seconds_total", { mode: "idle" }), one("node_load1")];
  const [total, available] = [one("node_memory_MemTotal_bytes"), one("node_memory_MemAvailable_bytes")];
  return {
    ...(typeof idle === "number" ? { busy: Math.max(0, 1 - idle) } : {}),
    ...(typeof load1 === "number" ? { load1 } : {}),
    ...(typeof total === "number" && typeof available === "number" ? { memoryUsedBytes: total - available } : {}),
  };
}

/** Left out on a machine without a sensor. */
function Temperature({
  host: { temperatureCelsius: celsius, temperatureSensor: sensor },
}: {
  readonly host: HostStatus;
}) {
  if (celsius === null || sensor === null) return null;
  return (
    <Stat name="Temperature" value={written(celsius, "celsius")} share={heat(celsius)}>
      <Foreign text={sensor} />
    </Stat>
  );
}

/** A Raspberry Pi slows down from 80 °C on: a full bar is 90. */
function heat(celsius: number): number {
  return (celsius - 20) / 70;
}

interface StatProps {
  readonly name: string;
  readonly value: string;
  readonly share?: number | null;
  readonly children?: ComponentChildren;
}

function Stat({ name, value, share, children }: StatProps) {
  return (
    <div class="stat">
      <dt>{name}</dt>
      <dd>
        <span class="stat-value">{value}</span> <span class="stat-note">{children}</span>
        {share !== undefined && <Bar share={share ?? 0} />}
      </dd>
    </div>
  );
}

function Amount({
  name,
  used,
  total,
}: {
  readonly name: string;
  readonly used: number | null;
  readonly total: number | null;
}) {
  if (used === null || total === null) return <Stat name={name} value="–" share={0} />;
  return (
    <Stat name={name} value={written(used / total, "share")} share={used / total}>
      {bytes(used)} of {bytes(total)}
    </Stat>
  );
}

/** The same numbers as df(1): blocks reserved for root count neither as used nor as free. */
function RootDisk({ host }: { readonly host: HostStatus }) {
  const { rootUsedBytes: used, rootAvailableBytes: available, rootUsedPercent: percent } = host;
  if (used === null || available === null || percent === null) return <Stat name="Root disk" value="–" share={0} />;
  return (
    <Stat name="Root disk" value={written(percent, "percent")} share={percent / 100}>
      {bytes(used)} used, {bytes(available)} free
    </Stat>
  );
}

interface LimitedProps {
  readonly host: HostStatus;
  readonly limits: LimitsStatus | null;
}

/** Of the limit where a cgroup sets one, with the machine's figures beside it. */
function Cpu({ host, limits }: LimitedProps) {
  if (limits === null || limits.cores === null) {
    return (
      <Stat name="CPU" value={written(host.busy, "share")} share={host.busy}>
        of {cores(host.cores)}
      </Stat>
    );
  }
  return (
    <Stat name="CPU" value={written(limits.busy, "share")} share={limits.busy}>
      of {cores(limits.cores)}{" "}
      <OfHost>
        {written(host.busy, "share")} of {cores(host.cores)}
      </OfHost>
    </Stat>
  );
}

function OfHost({ children }: { readonly children: ComponentChildren }) {
  return <span class="stat-host">host {children}</span>;
}

function cores(count: number): string {
  return `${Number(count.toFixed(2))} ${count === 1 ? "core" : "cores"}`;
}

function Memory({ host, limits }: LimitedProps) {
  const { memoryUsedBytes: used, memoryTotalBytes: total } = host;
  if (limits === null || limits.memoryBytes === null) return <Amount name="RAM" used={used} total={total} />;
  const share = limits.memoryUsedBytes === null ? null : limits.memoryUsedBytes / limits.memoryBytes;
  return (
    <Stat name="RAM" value={written(share, "share")} share={share}>
      {written(limits.memoryUsedBytes, "bytes")} of {bytes(limits.memoryBytes)}{" "}
      <OfHost>
        {written(used, "bytes")} of {written(total, "bytes")}
      </OfHost>
    </Stat>
  );
}
