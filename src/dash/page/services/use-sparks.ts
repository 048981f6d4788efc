import { useEffect, useState } from "preact/hooks";
import type { SeriesAnswer, SeriesName } from "../../api.ts";
import { useCell } from "../cell.ts";
import { askSeries, names } from "../instance.ts";
import { whileShown } from "../while-shown.ts";

export const LATENCY = "probe_duration_seconds";
/** A day in half hours. */
const [SPAN_MS, STEP_MS] = [86_400_000, 1_800_000];
const EVERY_MS = 60_000;

export type Sparks = ReadonlyMap<string, readonly (number | null)[]>;

/** Loads the latencies of all services over the last day, and again each minute. @returns by service */
export function useSparks(): Sparks {
  const series = useCell(names).filter(({ name }) => name === LATENCY);
  const [sparks, setSparks] = useState<Sparks>(new Map());
  const wanted = JSON.stringify(series.map(({ key }) => key));
  useEffect(() => {
    if (series.length === 0) return;
    const load = async (signal: AbortSignal) => {
      const to = Date.now();
      const words = { from: to - SPAN_MS, to, step: STEP_MS };
      // Without them the tiles say everything in numbers.
      const answer = await askSeries(words, JSON.parse(wanted), signal).catch(() => undefined);
      if (answer !== undefined) setSparks(byService(series, answer, words.from));
    };
    return whileShown(EVERY_MS, load);
  }, [wanted]);
  return sparks;
}

/** Puts the points of each series on one grid, so that gaps stay gaps. What is known for less than a day fills its curve. */
function byService(series: readonly SeriesName[], answer: SeriesAnswer, fromMs: number): Sparks {
  const count = Math.ceil(SPAN_MS / answer.stepMs) + 1;
  return new Map(
    answer.series.map(({ key, t, mean }) => {
      const values = new Array<number | null>(count).fill(null);
      t.forEach((ms, at) => {
        const place = Math.round((ms - fromMs) / answer.stepMs);
        if (place >= 0 && place < count) values[place] = mean[at] ?? null;
      });
      const first = values.findIndex((value) => value !== null);
      return [series.find((each) => each.key === key)?.labels.service ?? "", values.slice(Math.max(0, first))] as const;
    }),
  );
}
