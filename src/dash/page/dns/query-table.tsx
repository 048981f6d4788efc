import type { LoggedQuery } from "../../dns-api.ts";
import { type Column, DataTable } from "../data-table.tsx";
import { Foreign } from "../elements.tsx";
import { clock, moment } from "../format.ts";
import { type Click, type RuleAction, RuleButton } from "./rule-button.tsx";

interface QueryTableProps {
  readonly entries: readonly LoggedQuery[];
  /** What the rules made here say of names. */
  readonly ruleOf: ReadonlyMap<string, RuleAction>;
  readonly click: Click;
  searchClient(client: string): void;
}

/** Verdicts that a rule could change, and how. */
const ACTIONS: Readonly<Record<string, RuleAction>> = { blocked: "allow", cached: "block", forwarded: "block" };
const TONES: Readonly<Record<string, string>> = {
  blocked: "verdict stopped",
  failed: "verdict fail",
  refused: "raised",
};

const COLUMNS: readonly Column[] = [
  { title: "Name", isText: true },
  { title: "Time", isText: true },
  { title: "Client", isText: true },
  { title: "Took" },
  { title: "Answer", isText: true },
  { title: "Allow or block", class: "act", isUnseen: true },
];

/** Queries, the newest first. */
export function QueryTable({ entries, ruleOf, click, searchClient }: QueryTableProps) {
  return (
    <DataTable class="stacked queries" name="Queries" columns={COLUMNS}>
      {entries.map((each) => (
        <Row key={each.id} query={each} ruleOf={ruleOf} click={click} searchClient={searchClient} />
      ))}
    </DataTable>
  );
}

type RowProps = Pick<QueryTableProps, "ruleOf" | "click" | "searchClient"> & { readonly query: LoggedQuery };

function Row({ query, ruleOf, click, searchClient }: RowProps) {
  const { name, type, time, client, clientName, verdict, rcode, latencyMs } = query;
  const action = Object.hasOwn(ACTIONS, verdict) ? ACTIONS[verdict] : undefined;
  return (
    <tr>
      <th scope="row" class="left name">
        {name === null ? <span class="note">no name</span> : <Foreign text={name} />} <span class="note">{type}</span>
      </th>
      <td class="left" data-name="Time">
        <time dateTime={new Date(time).toISOString()} title={moment(time)}>
          {clock(time)}
        </time>
      </td>
      <td class="left" data-name="Client">
        {client === null ? (
          "–"
        ) : (
          <button type="button" class="link" title={`Search for ${client}`} onClick={() => searchClient(client)}>
            <Foreign text={clientName ?? client} />
          </button>
        )}
      </td>
      <td data-name="Took">{latencyMs === null ? "–" : `${latencyMs.toFixed(latencyMs < 10 ? 1 : 0)} ms`}</td>
      <td class="left words" data-name="Answer">
        <span class={TONES[verdict] ?? ""}>{verdict}</span>
        {rcode !== "NOERROR" && verdict !== "blocked" && ` ${rcode}`} <Reason query={query} />
      </td>
      <td class="act">
        {action !== undefined && (
          <RuleButton name={name} action={action} rule={ruleOf.get((name ?? "").toLowerCase())} click={click} />
        )}
      </td>
    </tr>
  );
}

/** Which list and rule decided, or which upstream answered. */
function Reason({ query: { lists, rule, upstream, stale } }: { readonly query: LoggedQuery }) {
  return (
    <span class="note">
      {lists.length > 0 && (
        <>
          by <Foreign text={lists.join(", ")} />
        </>
      )}
      {rule !== null && (
        <>
          :{" "}
          <code>
            <Foreign text={rule} />
          </code>
        </>
      )}
      {upstream !== null && (
        <>
          by <Foreign text={upstream} />
        </>
      )}
      {stale && " past its TTL"}
    </span>
  );
}
