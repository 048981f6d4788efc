import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { LOG_LEVELS, type LogAnswer, type LogLevel, type LogLine } from "../../api.ts";
import { useCell } from "../cell.ts";
import { ask, ClientError } from "../client.ts";
import { Empty, Foreign } from "../elements.tsx";
import { clock, day, visible } from "../format.ts";
import { freshLog, reconnects } from "../instance.ts";
import { OwnProblem } from "../own-problem.tsx";

const MOST_LINES = 500;
/** A list scrolled this near to its end counts as at its end. */
const END_PIXELS = 24;
const SIGNS: Readonly<Record<LogLevel, string>> = { debug: "·", info: "i", warn: "!", error: "✗" };

/** The last lines, and new ones as they come. */
export function LogView() {
  const [level, setLevel] = useState<LogLevel>("info");
  const [part, setPart] = useState("");
  const [text, setText] = useState("");
  const [follows, setFollows] = useState(true);
  const { lines, error } = useLines();
  const shown = lines.filter((line) => matches(line, { level, part, text })).slice(-MOST_LINES);
  const parts = [...new Set(lines.map((line) => line.part))].sort();
  const list = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  useEffect(() => {
    if (follows && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length, shown.at(-1), follows]);

  return (
    <>
      <h2 class="unseen">Log</h2>
      <search class="toolbar log-tools">
        <label class="field">
          Level
          <select value={level} onChange={(event) => setLevel(event.currentTarget.value as LogLevel)}>
            {LOG_LEVELS.map((each) => (
              <option key={each} value={each}>
                {each === "error" ? "error" : `${each} and above`}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Part
          <select value={part} onChange={(event) => setPart(event.currentTarget.value)}>
            <option value="">all</option>
            {parts.map((each) => (
              <option key={each} value={each}>
                {visible(each)}
              </option>
            ))}
          </select>
        </label>
        <label class="field grow">
          Text
          <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <label class="field check">
          <input type="checkbox" checked={follows} onChange={(event) => setFollows(event.currentTarget.checked)} />
          Follow
        </label>
      </search>
      <OwnProblem error={error} />
      {shown.length === 0 && error === undefined && (
        <Empty title={lines.length === 0 ? "No log lines yet" : "No line matches"}>
          {lines.length === 0
            ? "tenk logs little while nothing goes wrong."
            : "Choose a lower level, all parts, or a shorter text."}
        </Empty>
      )}
      {shown.length > 0 && (
        <div
          class="panel log"
          ref={list}
          role="log"
          aria-live="off"
          aria-label="Log lines"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          onScroll={(event) => {
            const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
            // New lines make it longer and move nothing: only a reader who scrolls up stops following.
            if (scrollTop < top.current) setFollows(false);
            if (scrollHeight - scrollTop - clientHeight < END_PIXELS) setFollows(true);
            top.current = scrollTop;
          }}
        >
          {shown.map((line, index) => (
            <Fragment key={`${line.t}.${index}`}>
              {day(line.t) !== day(shown[index - 1]?.t ?? Date.now()) && <p class="line-day">{day(line.t)}</p>}
              <Line line={line} />
            </Fragment>
          ))}
        </div>
      )}
    </>
  );
}

function Line({ line }: { readonly line: LogLine }) {
  const fields = Object.entries(line.fields).filter(([, value]) => value !== undefined);
  return (
    <p class={`line ${line.level}`}>
      <time dateTime={new Date(line.t).toISOString()} title={`${day(line.t)} ${new Date(line.t).getFullYear()}`}>
        {clock(line.t)}
      </time>
      <span class="level">
        <span aria-hidden="true">{SIGNS[line.level] ?? "·"}</span> {visible(line.level)}
      </span>
      <span class="part">
        <Foreign text={line.part} />
      </span>
      <span class="message">
        <Foreign text={line.message} />
        {fields.map(([name, value]) => (
          <span class="log-field" key={name}>
            {" "}
            <Foreign text={name} />=<Foreign text={String(value)} />
          </span>
        ))}
      </span>
    </p>
  );
}

interface Filter {
  readonly level: LogLevel;
  readonly part: string;
  readonly text: string;
}

function matches(line: LogLine, { level, part, text }: Filter): boolean {
  if (LOG_LEVELS.indexOf(line.level) < LOG_LEVELS.indexOf(level)) return false;
  if (part !== "" && line.part !== part) return false;
  if (text === "") return true;
  return `${line.message} ${JSON.stringify(line.fields)}`.toLowerCase().includes(text.toLowerCase());
}

/** The lines that the server kept, and those since. */
function useLines() {
  const fresh = useCell(freshLog);
  const [kept, setKept] = useState<readonly LogLine[]>([]);
  const [error, setError] = useState<ClientError>();
  const reconnected = useCell(reconnects);
  useEffect(() => {
    // With lines from before, the live stream has sent those since.
    if (reconnected > 0 && error === undefined) return;
    ask<LogAnswer>("/api/log", { level: "debug", limit: MOST_LINES }).then(
      ({ lines }) => {
        setKept(lines);
        setError(undefined);
      },
      (thrown) => {
        if (thrown instanceof ClientError) setError(thrown);
      },
    );
  }, [reconnected]);
  // A line that arrived while the response was on its way is in both.
  const lastKept = kept.at(-1)?.t ?? 0;
  const known = new Set(kept.filter(({ t }) => t === lastKept).map((line) => JSON.stringify(line)));
  const since = fresh.filter((line) => line.t > lastKept || (line.t === lastKept && !known.has(JSON.stringify(line))));
  return { lines: [...kept, ...since], error };
}
