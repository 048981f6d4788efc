import type { SeriesName } from "../../api.ts";
import type { ListenerView } from "../../tcp-api.ts";
import type { ChartSpec, Line } from "../chart/mod.ts";
import { listenerKeys } from "./series.ts";

/** Connections and reads, and frames where a handler has a framing. Without a listener: of all together. */
export function trafficSpec(
  names: readonly SeriesName[],
  listeners: readonly ListenerView[],
  listener?: string,
): ChartSpec {
  const hasFrames = listeners.some(({ counts }) => (counts.framesRead ?? 0) > 0);
  return {
    title: listener === undefined ? "Connections and reads of all listeners" : "Connections and reads",
    unit: "count",
    rightUnit: "perSecond",
    lines: [
      {
        label: "connections",
        keys: listenerKeys(names, "tenk_tcp_connections_active", listener),
        tone: "accent",
        isFilled: true,
      },
      {
        label: "reads",
        keys: listenerKeys(names, "tenk_tcp_reads_total", listener),
        tone: "ink",
        axis: "right",
      },
      ...(hasFrames ? [framesLine(listenerKeys(names, "tenk_tcp_frames_read_total", listener))] : []),
    ],
  };
}

function framesLine(keys: readonly string[]): Line {
  return { label: "frames", keys, tone: "amber", axis: "right", isDashed: true };
}

export function bytesSpec(names: readonly SeriesName[], listener: string): ChartSpec {
  return {
    title: "Bytes",
    unit: "bytesPerSecond",
    lines: [
      {
        label: "read",
        keys: listenerKeys(names, "tenk_tcp_bytes_read_total", listener),
        tone: "accent",
        isFilled: true,
      },
      {
        label: "written",
        keys: listenerKeys(names, "tenk_tcp_bytes_written_total", listener),
        tone: "ink",
        isDashed: true,
      },
    ],
  };
}

export function writeQueueSpec(names: readonly SeriesName[], listener: string): ChartSpec {
  const keys = listenerKeys(names, "tenk_tcp_write_queue_bytes", listener);
  return {
    title: "Write queues",
    unit: "bytes",
    lines: [{ label: "waiting", keys, tone: "accent", isFilled: true }],
  };
}
