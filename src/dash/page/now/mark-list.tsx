import type { ChartMark } from "../../api.ts";
import { useCell } from "../cell.ts";
import { Foreign, Moment } from "../elements.tsx";
import { marks } from "../marks.ts";
import { nowSource } from "../now-source.ts";

/** What the charts mark, as text: for those who cannot see them, and with a way to each. */
export function MarkList() {
  const known = useCell(marks);
  if (known.length === 0) return null;
  return (
    <details class="marks">
      <summary>
        {known.length === 1 ? "1 event" : `${known.length} events`} <span class="note">marked in the charts</span>
      </summary>
      <ul>
        {known.toReversed().map((mark) => (
          <li key={`${mark.atMs} ${mark.kind} ${mark.text}`}>
            <span class={`swatch mark-${mark.kind}`} aria-hidden="true" />
            <button type="button" class="link" onClick={() => zoomAround(mark)}>
              <Moment ms={mark.atMs} />
            </button>
            {mark.run === undefined ? (
              <Foreign text={mark.text} />
            ) : (
              <a href={`#/runs/${encodeURIComponent(mark.run)}`}>
                <Foreign text={mark.text} />
              </a>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

const AROUND_SECONDS = 150;

function zoomAround({ atMs, untilMs = atMs }: ChartMark): void {
  const now = Date.now() / 1000;
  const to = Math.min(now, untilMs / 1000 + AROUND_SECONDS);
  nowSource.zoom(Math.min(atMs / 1000 - AROUND_SECONDS, to - 2 * AROUND_SECONDS), to);
}
