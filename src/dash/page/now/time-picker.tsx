import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useCell } from "../cell.ts";
import { goTo } from "../go-to.ts";
import { range, zoom } from "../instance.ts";
import { type Zoom, zoomWord } from "../route.ts";
import { localText, readStretch, shifted } from "./stretch.ts";

/** A zoom that ends this recently has nothing later. */
const RECENT_MS = 2000;

/** Earlier, later, and any stretch of time by its dates. */
export function TimePicker() {
  const chosen = useCell(zoom);
  const { spanMs } = useCell(range);
  const [isOpen, setOpen] = useState(false);
  const shown = (): Zoom => chosen ?? { fromMs: Date.now() - spanMs, toMs: Date.now() };
  const shift = (direction: -1 | 1) => goTo("now", zoomWord(shifted(shown(), direction, Date.now())));
  const isAtEnd = chosen === undefined || chosen.toMs > Date.now() - RECENT_MS;
  return (
    <fieldset class="time">
      <legend class="unseen">Other times</legend>
      <button type="button" class="button icon" title="Earlier" aria-label="earlier" onClick={() => shift(-1)}>
        <span aria-hidden="true">←</span>
      </button>
      <button
        type="button"
        class="button icon"
        title="Later"
        aria-label="later"
        disabled={isAtEnd}
        onClick={() => shift(1)}
      >
        <span aria-hidden="true">→</span>
      </button>
      <button type="button" class="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Dates …
      </button>
      {isOpen && <TimeDialog shown={shown()} done={() => setOpen(false)} />}
    </fieldset>
  );
}

function TimeDialog({ shown, done }: { readonly shown: Zoom; done(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [from, setFrom] = useState(localText(shown.fromMs));
  const [to, setTo] = useState(localText(shown.toMs));
  const [problem, setProblem] = useState("");
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const show = (event: Event) => {
    event.preventDefault();
    const read = readStretch(from, to, Date.now());
    if ("problem" in read) return setProblem(read.problem);
    dialog.current?.close();
    goTo("now", zoomWord(read.zoom));
  };
  const field = (name: string, value: string, set: (value: string) => void) => (
    <label class="field">
      {name}
      <input
        type="datetime-local"
        step={1}
        value={value}
        aria-describedby={problem === "" ? undefined : "time-problem"}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </label>
  );
  return (
    <dialog ref={dialog} class="time-dialog" aria-labelledby="time-title" onClose={done}>
      <form onSubmit={show} noValidate>
        <h2 id="time-title">Show a time</h2>
        {field("From", from, setFrom)}
        {field("To", to, setTo)}
        <p class="note">In your time zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}.</p>
        {problem !== "" && (
          <p class="problem" role="alert" id="time-problem">
            {problem}
          </p>
        )}
        <div class="choices">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="button">
            Show
          </button>
        </div>
      </form>
    </dialog>
  );
}
