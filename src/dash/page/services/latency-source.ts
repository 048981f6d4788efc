import type { SeriesAnswer } from "../../api.ts";
import { cell } from "../cell.ts";
import type { ChartSource, ChartSpec } from "../chart/mod.ts";
import { goTo } from "../go-to.ts";
import { askSeries } from "../instance.ts";
import { RANGES, stepFor } from "../range.ts";
import { lookOf, zoomWord } from "../route.ts";

/** Stretches of the chart of one service, as its uptime is told. */
export const LOOKS = RANGES.filter(({ name }) => ["24h", "7d", "30d", "90d"].includes(name));

/** Of a time axis. */
const SHORTEST_MS = 300_000;

type Look = { readonly fromMs: number; readonly toMs: number; readonly stepMs: number; readonly isZoom: boolean };

export interface LatencySource extends ChartSource {
  /** Loads a stretch of its address: `7d`, or the zoom into it; anything else is a day. @throws {ClientError} */
  load(word: string | undefined, key: string, nowMs: number, signal: AbortSignal): Promise<void>;
}

/** The latencies of one service, on a time axis of their own. */
export function latencySource(service: string): LatencySource {
  const shown = cell<{ readonly look: Look; readonly answer: SeriesAnswer } | undefined>(undefined);
  /** The range to which a zoom goes back. */
  let range = LOOKS[0]!.name;
  return {
    id: `service-${service}`,
    isElapsed: false,
    async load(word, key, nowMs, signal) {
      const look = stretchOf(word, nowMs);
      if (!look.isZoom) range = LOOKS.find(({ name }) => name === word)?.name ?? range;
      const { fromMs, toMs, stepMs } = look;
      const answer = await askSeries({ from: fromMs, to: toMs, step: stepMs }, [key], signal);
      shown.set({ look, answer });
    },
    read() {
      const known = shown.get();
      if (known === undefined) return undefined;
      const { look, answer } = known;
      const [points] = answer.series;
      const first = points?.mean.findIndex((value) => value !== null) ?? -1;
      // Of a service that is known for minutes a whole day would be blank.
      const since = look.isZoom || first < 0 ? look.fromMs : (points?.t[first] ?? look.fromMs) - answer.stepMs;
      return {
        moments: (points?.t ?? []).map((ms) => ms / 1000),
        from: Math.min(Math.max(look.fromMs, since), look.toMs - SHORTEST_MS) / 1000,
        to: look.toMs / 1000,
        isOver: look.isZoom,
        hasBand: answer.stepMs > 1000,
        values: (_, which) => points?.[which] ?? [],
      };
    },
    subscribe: (listener) => shown.subscribe(listener),
    zoom: (from, to) => goTo("services", service, zoomWord({ fromMs: from * 1000, toMs: to * 1000 })),
    reset: () => {
      if (shown.get()?.look.isZoom) goTo("services", service, range);
    },
    hover: () => {},
  };
}

function stretchOf(word: string | undefined, nowMs: number): Look {
  const { zoom } = lookOf(word);
  if (zoom !== undefined) return { ...zoom, stepMs: stepFor(zoom.toMs - zoom.fromMs), isZoom: true };
  const { spanMs, stepMs } = LOOKS.find(({ name }) => name === word) ?? LOOKS[0]!;
  return { fromMs: nowMs - spanMs, toMs: nowMs, stepMs, isZoom: false };
}

export function latencySpec(key: string): ChartSpec {
  return {
    title: "Time to the answer",
    unit: "seconds",
    empty: "no answer in this stretch",
    lines: [{ label: "answer", keys: [key], tone: "accent", isFilled: true }],
  };
}
