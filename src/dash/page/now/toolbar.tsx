import { useCell } from "../cell.ts";
import { clock, moment, stretch } from "../format.ts";
import { goTo } from "../go-to.ts";
import { latest, range, state, zoom } from "../instance.ts";
import { hovered, nowSource } from "../now-source.ts";
import { RANGES } from "../range.ts";
import { TimePicker } from "./time-picker.tsx";

/** Chooses the range, and shows the moment or stretch that the charts show. */
export function Toolbar() {
  const chosen = useCell(range);
  const zoomed = useCell(zoom);
  return (
    <div class="toolbar">
      <fieldset class="segments">
        <legend class="unseen">How far back</legend>
        {RANGES.map((each) => (
          <button
            type="button"
            key={each.name}
            aria-pressed={each === chosen && zoomed === undefined}
            aria-label={`${each.name}: the last ${each.words}`}
            onClick={() => goTo("now", each.name)}
          >
            {each.name}
          </button>
        ))}
      </fieldset>
      <TimePicker />
      {zoomed !== undefined && (
        <button type="button" class="button zoomed" onClick={() => nowSource.reset()}>
          <span class="unseen">zoomed to </span>
          {stretch(zoomed.fromMs, zoomed.toMs)} ✕
        </button>
      )}
      <ReadMoment />
    </div>
  );
}

/** The moment whose values the legends show. */
function ReadMoment() {
  const at = useCell(hovered);
  const { t } = useCell(latest);
  const isLive = useCell(state) === "live";
  if (at !== undefined) return <p class="moment read">at {moment(at)}</p>;
  return <p class="moment">{t === 0 ? "" : `${isLive ? "now" : "last update"} ${clock(t)}`}</p>;
}
