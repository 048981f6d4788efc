import { cell } from "./cell.ts";
import type { ChartSource } from "./chart/mod.ts";
import { combined } from "./frame.ts";
import { goTo } from "./go-to.ts";
import { frame, range, zoom } from "./instance.ts";
import { zoomWord } from "./route.ts";

/** The moment under the pointer on any chart, in milliseconds since 1970. */
export const hovered = cell<number | undefined>(undefined);

/** A zoom that ends this recently counts as live. */
const RECENT_MS = 10_000;

/** The source of all charts on "Now": one frame, one time axis, one pointer. */
export const nowSource: ChartSource = {
  id: "now",
  isElapsed: false,
  read() {
    const shown = frame.get();
    if (shown === undefined) return undefined;
    const last = shown.moments.at(-1) ?? 0;
    const chosen = zoom.get();
    return {
      moments: shown.moments,
      from: chosen === undefined ? last - range.get().spanMs / 1000 : chosen.fromMs / 1000,
      to: chosen === undefined ? last : chosen.toMs / 1000,
      isOver: chosen !== undefined && chosen.toMs < Date.now() - RECENT_MS,
      hasBand: shown.stepMs > 1000,
      values: (line, which) => combined(shown, line, which),
    };
  },
  subscribe: (listener) => frame.subscribe(listener),
  zoom: (from, to) => goTo("now", zoomWord({ fromMs: from * 1000, toMs: to * 1000 })),
  reset: () => {
    if (zoom.get() !== undefined) goTo("now", range.get().name);
  },
  hover(moment) {
    const next = moment === undefined ? undefined : moment * 1000;
    if (hovered.get() !== next) hovered.set(next);
  },
};
