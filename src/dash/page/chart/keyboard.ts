import type uPlot from "uplot";
import type { ChartSource } from "./spec.ts";

const LEAP = 10;

/** Arrow keys read all charts of the source; Shift takes larger steps; plus zooms in there, 0 and minus zoom out. */
export function keyboard(holder: HTMLElement, source: ChartSource, plotOf: () => uPlot | undefined): () => void {
  const pressed = (event: KeyboardEvent) => {
    const plot = plotOf();
    if (plot === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (act(plot, source, event)) event.preventDefault();
  };
  const left = () => {
    const plot = plotOf();
    if (plot !== undefined) move(plot, null);
  };
  holder.addEventListener("keydown", pressed);
  holder.addEventListener("blur", left);
  return () => {
    holder.removeEventListener("keydown", pressed);
    holder.removeEventListener("blur", left);
  };
}

function act(plot: uPlot, source: ChartSource, event: KeyboardEvent): boolean {
  const last = plot.data[0].length - 1;
  // What lies before the axis is not seen.
  const first = Math.max(
    0,
    plot.data[0].findIndex((moment) => moment >= (plot.scales.x!.min ?? 0)),
  );
  const isRead = plot.cursor.left !== undefined && plot.cursor.left >= 0;
  const at = isRead ? (plot.cursor.idx ?? last) : last;
  const step = event.shiftKey ? LEAP : 1;
  switch (event.key) {
    case "ArrowLeft":
      move(plot, isRead ? Math.max(first, at - step) : last);
      return true;
    case "ArrowRight":
      move(plot, Math.min(last, at + step));
      return true;
    case "Home":
      move(plot, first);
      return true;
    case "End":
      move(plot, last);
      return true;
    case "Escape":
      move(plot, null);
      return true;
    case "+":
    case "=":
      zoomAround(plot, source, plot.data[0][at]);
      return true;
    case "-":
    case "0":
      source.reset();
      return true;
    default:
      return false;
  }
}

function move(plot: uPlot, index: number | null): void {
  const moment = index === null ? undefined : plot.data[0][index];
  const left = moment === undefined ? -10 : plot.valToPos(moment, "x");
  const top = moment === undefined ? -10 : plot.over.clientHeight / 2;
  (plot as unknown as Publishing).setCursor({ left, top }, true, true);
}

/** uPlot's types lack the arguments that move the cursor of the other charts too. */
interface Publishing {
  setCursor(place: { left: number; top: number }, fires: boolean, publishes: boolean): void;
}

function zoomAround(plot: uPlot, source: ChartSource, moment: number | undefined): void {
  const { min, max } = plot.scales.x!;
  if (moment === undefined || min === undefined || max === undefined || min === null || max === null) return;
  const quarter = (max - min) / 4;
  if (quarter * 2 < 5) return;
  // Within the data: around the last moment half of it would be the future.
  const from = Math.max(min, Math.min(moment - quarter, max - quarter * 2));
  source.zoom(from, from + quarter * 2);
}
