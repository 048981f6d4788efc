import { colour } from "../appearance.ts";
import { stretch, visible } from "../format.ts";
import type { ChartSource, ChartSpec } from "./spec.ts";

interface Words {
  readonly drawing: HTMLCanvasElement;
  /** The lines that are drawn. */
  readonly spec: ChartSpec;
  readonly source: ChartSource;
  readonly family: string;
}

const PADDING = 12;
const TITLE_PIXELS = 14;
const TEXT_PIXELS = 12;
const ROW = 20;

/** Draws a chart with its title, its stretch of time and its legend, as it looks now. */
export function pictureOf({ drawing, spec, source, family }: Words): Promise<Blob> {
  const ratio = devicePixelRatio;
  const width = drawing.width / ratio;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d")!;
  const font = (weight: number, pixels: number) => `${weight} ${pixels}px ${family}`;
  pen.font = font(400, TEXT_PIXELS);
  const places = legendPlaces(spec, width, (text) => pen.measureText(text).width);
  const top = PADDING + ROW * (1 + (places.at(-1)?.row ?? -1) + 1) + PADDING / 2;
  canvas.width = Math.round((width + 2 * PADDING) * ratio);
  canvas.height = Math.round((top + drawing.height / ratio + PADDING) * ratio);
  pen.scale(ratio, ratio);
  pen.fillStyle = colour("panel");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.textBaseline = "middle";
  pen.fillStyle = colour("text");
  pen.font = font(650, TITLE_PIXELS);
  pen.fillText(visible(spec.title), PADDING, PADDING + ROW / 2);
  pen.fillStyle = colour("muted");
  pen.font = font(400, TEXT_PIXELS);
  const when = timeText(source);
  pen.fillText(when, width + PADDING - pen.measureText(when).width, PADDING + ROW / 2);
  spec.lines.forEach((line, at) => {
    const { row, left } = places[at]!;
    const middle = PADDING + ROW * (row + 1.5);
    pen.strokeStyle = colour(`tone-${line.tone}`);
    pen.lineWidth = 3;
    pen.setLineDash(line.isDashed === true ? [5, 2] : []);
    pen.beginPath();
    pen.moveTo(PADDING + left, middle);
    pen.lineTo(PADDING + left + SWATCH, middle);
    pen.stroke();
    pen.fillText(visible(line.label), PADDING + left + SWATCH + GAP, middle);
  });
  pen.drawImage(drawing, PADDING, top, width, drawing.height / ratio);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the chart has no size")) : resolve(blob)), "image/png"),
  );
}

const SWATCH = 12;
const GAP = 6;
const BETWEEN = 16;

function legendPlaces(spec: ChartSpec, width: number, widthOf: (text: string) => number) {
  let [row, left] = [0, 0];
  return spec.lines.map(({ label }) => {
    const own = SWATCH + GAP + widthOf(visible(label));
    if (left > 0 && left + own > width) [row, left] = [row + 1, 0];
    const place = { row, left };
    left += own + BETWEEN;
    return place;
  });
}

function timeText(source: ChartSource): string {
  const data = source.read();
  return data === undefined || source.isElapsed ? "" : stretch(data.from * 1000, data.to * 1000);
}
