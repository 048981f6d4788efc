import { useRef, useState } from "preact/hooks";
import { visible } from "../format.ts";
import { alone, toggled } from "./hidden.ts";
import type { ChartSpec, Line } from "./spec.ts";

interface LegendProps {
  readonly spec: ChartSpec;
  readonly hidden: ReadonlySet<string>;
  hide(labels: ReadonlySet<string>): void;
  readonly isOpen: boolean;
  open(isOpen: boolean): void;
  /** The id of what the last button opens. */
  readonly details: string;
}

const KEYS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** The lines with their values: a click shows or hides one, Shift shows it alone. One stop for Tab; arrow keys walk within. */
export function Legend({ spec, hidden, hide, isOpen, open, details }: LegendProps) {
  const bar = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState(0);
  const { lines } = spec;
  // A single line would leave nothing.
  const isChoice = lines.length > 1;
  const last = isChoice ? lines.length : 0;
  const walk = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    const to = step === undefined ? { Home: 0, End: last }[event.key] : (stop + step + last + 1) % (last + 1);
    if (to === undefined) return;
    event.preventDefault();
    setStop(to);
    bar.current!.querySelectorAll("button")[to]?.focus();
  };
  const choose = (event: MouseEvent, label: string) => {
    const labels = lines.map((line) => line.label);
    hide(event.shiftKey ? alone(hidden, label, labels) : toggled(hidden, label));
  };
  return (
    <div
      class="legend"
      role="toolbar"
      ref={bar}
      tabIndex={-1}
      aria-label={`${visible(spec.title)}: lines`}
      onKeyDown={walk}
    >
      {lines.map((line, at) =>
        isChoice ? (
          <button
            type="button"
            class="legend-line"
            key={line.label}
            tabIndex={at === Math.min(stop, last) ? 0 : -1}
            aria-pressed={!hidden.has(line.label)}
            title="Click to hide or show it, Shift+click to show it alone"
            onFocus={() => setStop(at)}
            onClick={(event) => choose(event, line.label)}
          >
            <Sample line={line} />
          </button>
        ) : (
          <span class="legend-line" key={line.label} aria-hidden="true">
            <Sample line={line} />
          </span>
        ),
      )}
      <button
        type="button"
        class="legend-more"
        tabIndex={Math.min(stop, last) === last ? 0 : -1}
        aria-expanded={isOpen}
        aria-controls={details}
        aria-label={`${visible(spec.title)}: statistics, CSV and PNG`}
        title="Statistics, CSV and PNG"
        onFocus={() => setStop(last)}
        onClick={() => open(!isOpen)}
      >
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path d="M3 8h.01M8 8h.01M13 8h.01" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" />
        </svg>
      </button>
    </div>
  );
}

function Sample({ line }: { readonly line: Line }) {
  return (
    <>
      <span class={`swatch tone-${line.tone}${line.isDashed ? " dashed" : ""}`} />
      <bdi>{visible(line.label)}</bdi>
      <output class="value" aria-hidden="true">
        –
      </output>
    </>
  );
}
