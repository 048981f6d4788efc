import { cell } from "./cell.ts";
import type { ChartSource } from "./chart/mod.ts";
import { combined, type Frame, firstDataOf } from "./frame.ts";
import { goTo } from "./go-to.ts";
import { frame, range, zoom } from "./instance.ts";
import { marks } from "./marks.ts";
import { zoomWord } from "./route.ts";

/** The moment under the pointer on any chart, in milliseconds since 1970. */
export const hovered = cell<number | undefined>(undefined);

/** A zoom that ends this recently counts as live. */
const RECENT_MS = 10_000;

/** In the first minutes after a first start the axis is at least so long. */
const LEAST_SPAN_SECONDS = 60;

/** Returns where the time axis begins at the earliest: with the first data there is. */
function beginning(frame: Frame, last: number): number {
  const first = firstDataOf(frame);
  return first === undefined ? Number.NEGATIVE_INFINITY : Math.min(first, last - LEAST_SPAN_SECONDS);
}

/** The source of all charts on "Now": one frame, one time axis, one pointer. */
export const nowSource: ChartSource = {
  id: "now",
  isElapsed: false,
  read() {
    const shown = frame.get();
    if (shown === undefined) return undefined;
    const last = shown.moments.at(-1) ?? 0;
    const span = range.get().spanMs / 1000;
    const chosen = zoom.get();
    return {
      moments: shown.moments,
      from: chosen === undefined ? Math.max(last - span, beginning(shown, last)) : chosen.fromMs / 1000,
      to: chosen === undefined ? last : chosen.toMs / 1000,
      isOver: chosen !== undefined && chosen.toMs < Date.now() - RECENT_MS,
      hasBand: shown.stepMs > 1000,
      values: (line, which) => combined(shown, line, which),
    };
  },
  marks: () =>
    marks.get().map(({ atMs, untilMs = atMs, kind, text }) => ({ from: atMs / 1000, to: untilMs / 1000, kind, text })),
  subscribe(listener) {
    const stops = [frame.subscribe(listener), marks.subscribe(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  },
  zoom: (from, to) => goTo("now", zoomWord({ fromMs: from * 1000, toMs: to * 1000 })),
  reset: () => {
    if (zoom.get() !== undefined) goTo("now", range.get().name);
  },
  hover(moment) {
    const next = moment === undefined ? undefined : moment * 1000;
    if (hovered.get() !== next) hovered.set(next);
  },
};
