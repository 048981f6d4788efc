import { useEffect, useState } from "preact/hooks";
import type { ClickedRulesAnswer, DnsStatisticsAnswer, DnsView, QueryLogAnswer } from "../../dns-api.ts";
import { useAct } from "../act.tsx";
import { useCell } from "../cell.ts";
import { Empty } from "../elements.tsx";
import { loadStatus, status } from "../instance.ts";
import { OwnProblem } from "../own-problem.tsx";
import { useAnswer } from "../use-answer.ts";
import { BlockingControl, PAUSING } from "./blocking.tsx";
import { QueryTable } from "./query-table.tsx";
import { Rules } from "./rules.tsx";
import { Tops } from "./tops.tsx";

const PAGE_ROWS = 25;
const [LOG_EVERY_MS, TOPS_EVERY_MS] = [2000, 10_000];
/** So long after the last key: not every letter sends a request. */
const TYPING_MS = 250;
const HOURS = 24;
const CLIENT_PAUSE_MS = 30 * 60_000;

/** How the filter is written in a request. */
const VERDICTS: readonly (readonly [words: string, verdicts: string])[] = [
  ["all", ""],
  ["blocked", "blocked"],
  ["forwarded", "forwarded"],
  ["cached", "cached"],
  ["local", "local,special,rewritten"],
  ["refused", "refused,malformed"],
  ["failed", "failed"],
];

/** The query log, what was asked most, and the rules that were made here. */
export function DnsPage() {
  const parts = useCell(status)?.parts;
  if (parts !== undefined && parts.dns === undefined) {
    return (
      <Empty title="The name server does not run">
        Add it to the configuration: <code>dns: {"{}"}</code>
      </Empty>
    );
  }
  return <QueryLog known={parts?.dns} />;
}

function QueryLog({ known }: { readonly known: DnsView | undefined }) {
  const [name, setName] = useState("");
  const [client, setClient] = useState("");
  const [verdict, setVerdict] = useState("");
  /** Where each page begins, the first without. */
  const [pages, setPages] = useState<readonly number[]>([]);
  const settled = useSettled(JSON.stringify({ name: name.trim(), client: client.trim(), verdict }), TYPING_MS);
  useEffect(() => setPages([]), [settled]);
  const before = pages.at(-1);
  const words = { ...(JSON.parse(settled) as Record<string, string>), before, limit: PAGE_ROWS };
  const log = useAnswer<QueryLogAnswer>("/api/dns/log", words, before === undefined ? LOG_EVERY_MS : 0);
  const tops = useAnswer<DnsStatisticsAnswer>("/api/dns/statistics", { hours: HOURS, limit: 10 }, TOPS_EVERY_MS);
  const rules = useAnswer<ClickedRulesAnswer>("/api/dns/rules", {}, 0);
  const { act, shown } = useAct(rules.again);
  const pausing = useAct(() => void loadStatus());
  const click = (each: string, action: "allow" | "block" | "remove") =>
    void act("Changing a rule", "/api/dns/rules", { name: each, action });
  const pauseFor = (each: string) =>
    void pausing.act(PAUSING, "/api/dns/blocking", { pauseMs: CLIENT_PAUSE_MS, client: each });
  const ruleOf = new Map(rules.answer?.rules.map((rule) => [rule.name, rule.action]));
  const isFiltered = name !== "" || client !== "" || verdict !== "";

  return (
    <>
      <div class="toolbar">
        <h2>Query log</h2>
        {known !== undefined && <BlockingControl blocking={known.blocking} />}
      </div>
      <search class="toolbar">
        <label class="field grow">
          Name
          <input
            type="search"
            placeholder="part of a name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field grow">
          Client
          <input
            type="search"
            placeholder="address or name"
            value={client}
            onInput={(event) => setClient(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          Answer
          <select value={verdict} onChange={(event) => setVerdict(event.currentTarget.value)}>
            {VERDICTS.map(([title, value]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <nav class="paging" aria-label="Pages of the query log">
          <button
            type="button"
            class="button"
            disabled={pages.length === 0}
            onClick={() => setPages(pages.slice(0, -1))}
          >
            <span aria-hidden="true">←</span> newer
          </button>
          <button
            type="button"
            class="button"
            disabled={typeof log.answer?.before !== "number"}
            onClick={() => setPages([...pages, log.answer!.before!])}
          >
            older <span aria-hidden="true">→</span>
          </button>
        </nav>
      </search>
      <OwnProblem error={log.error} />
      {shown}
      {pausing.shown}
      {log.answer !== undefined && log.answer.entries.length > 0 && (
        <QueryTable entries={log.answer.entries} ruleOf={ruleOf} click={click} searchClient={setClient} />
      )}
      {log.answer?.entries.length === 0 && (
        <Empty title={isFiltered ? "No query matches" : "No query is in the log"}>
          {isFiltered ? (
            "Search for a part of a name, an address, or another answer."
          ) : (
            <>
              Ask one: <code>dig @127.0.0.1 -p {known?.port ?? 53} example.org</code>
            </>
          )}
        </Empty>
      )}
      {tops.answer !== undefined && (
        <Tops answer={tops.answer} hours={HOURS} click={click} ruleOf={ruleOf} pauseFor={pauseFor} />
      )}
      {rules.answer !== undefined && <Rules answer={rules.answer} click={click} />}
    </>
  );
}

/** Returns the value once it has not changed for a while. */
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
