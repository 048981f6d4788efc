import { useState } from "preact/hooks";
import type { DayBar } from "../../probe-api.ts";
import { visible } from "../format.ts";
import { type DayLevel, dayText, dayTitle, levelOf } from "./days.ts";

/** Of a bar in the drawing: the worse a day, the taller, so that colour is not needed. */
const HEIGHTS: Readonly<Record<DayLevel, number>> = {
  none: 3,
  maintenance: 8,
  unknown: 8,
  up: 14,
  degraded: 17,
  down: 20,
};
const [STEP, WIDTH, HEIGHT] = [4, 3, 20];

interface UptimeBarProps {
  /** Of the service, for screen readers. */
  readonly name: string;
  readonly days: readonly DayBar[];
  readonly today: string | undefined;
}

/** The last days, a bar each. The pointer and the arrow keys read what a day was. */
export function UptimeBar({ name, days, today }: UptimeBarProps) {
  const [read, setRead] = useState<number>();
  if (days.length === 0) return null;
  const last = days.length - 1;
  const textOf = (at: number) => dayText(dayTitle(today, at, days.length), days[at]!);
  const readAt = (event: PointerEvent) => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    setRead(Math.min(last, Math.max(0, Math.floor(((event.clientX - left) / width) * days.length))));
  };
  const press = (event: KeyboardEvent) => {
    const at = read ?? last;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setRead(Math.min(last, Math.max(0, next)));
  };
  return (
    <div
      class="uptime"
      role="slider"
      tabIndex={0}
      aria-label={`Days of ${visible(name)}: arrow keys read them`}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={read ?? last}
      aria-valuetext={textOf(read ?? last)}
      onPointerMove={readAt}
      onPointerDown={readAt}
      onPointerLeave={() => setRead(undefined)}
      onFocus={() => setRead((before) => before ?? last)}
      onBlur={() => setRead(undefined)}
      onKeyDown={press}
    >
      <svg viewBox={`0 0 ${days.length * STEP - 1} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {Object.entries(pathsOf(days)).map(([level, path]) => (
          <path key={level} class={`day-${level}`} d={path} />
        ))}
        {read !== undefined && <rect class="day-read" x={read * STEP - 0.5} y={0} width={STEP} height={HEIGHT} />}
      </svg>
      {read !== undefined && (
        <span class={`day-text${read > last / 2 ? " right" : ""}`} aria-hidden="true">
          {textOf(read)}
        </span>
      )}
    </div>
  );
}

/** One path for each level: ninety elements for each of two hundred services would be many. */
function pathsOf(days: readonly DayBar[]): Readonly<Partial<Record<DayLevel, string>>> {
  const paths: Partial<Record<DayLevel, string>> = {};
  days.forEach((day, at) => {
    const level = levelOf(day);
    const height = HEIGHTS[level];
    paths[level] = `${paths[level] ?? ""}M${at * STEP} ${HEIGHT - height}h${WIDTH}v${height}h-${WIDTH}z`;
  });
  return paths;
}
