import { useEffect, useRef, useState } from "preact/hooks";
import type { ConnectionRow, ConnectionSort, ConnectionsAnswer } from "../../../tcp-api.ts";
import { useCell } from "../../cell.ts";
import { ask, ClientError } from "../../client.ts";
import { Empty } from "../../elements.tsx";
import { grouped } from "../../format.ts";
import { goTo } from "../../go-to.ts";
import { status } from "../../instance.ts";
import { OwnProblem } from "../../own-problem.tsx";
import { whileShown } from "../../while-shown.ts";
import { listenersOf } from "../panel.tsx";
import { CloseDialog } from "./close-dialog.tsx";
import { NO_RATES, RateMeter, type Rates } from "./rates.ts";
import { ConnectionTable, type Order } from "./table.tsx";

/** Rows on one page: the server searches, sorts and counts, so that ten thousand cost no more than fifty. */
const PAGE_ROWS = 50;
/** On a phone, where a row is a block of several lines. */
const PHONE_ROWS = 15;
const PHONE = "(max-width: 700px)";
const REFRESH_MS = 2000;
/** So long after the last key: not every letter sends a request. */
const TYPING_MS = 200;

/** @param named the listener of the address: `#/connections/NAME`; without one it is the first */
export function ConnectionsView({ named }: { readonly named: string | undefined }) {
  const listeners = listenersOf(useCell(status));
  const [typed, setTyped] = useState("");
  const [order, setOrder] = useState<Order>({ sort: "age", direction: "asc" });
  const [offset, setOffset] = useState(0);
  const [closing, setClosing] = useState<ConnectionRow>();
  const listener = named ?? listeners[0]?.name;
  const search = useSettled(typed.trim(), TYPING_MS);
  const pageRows = useMatches(PHONE) ? PHONE_ROWS : PAGE_ROWS;
  const { answer, rates, error, again } = useConnections({ listener, search, order, offset, pageRows });
  useEffect(() => setOffset(0), [listener]);
  // The page has become empty: go back to the last one with rows.
  useEffect(() => {
    if (answer !== undefined && offset >= answer.matched && offset > 0) {
      setOffset(Math.max(0, Math.floor((answer.matched - 1) / pageRows) * pageRows));
    }
  }, [answer, offset]);

  const sortBy = (sort: ConnectionSort) => {
    const isSame = sort === order.sort;
    setOrder({ sort, direction: isSame && order.direction === "desc" ? "asc" : "desc" });
    setOffset(0);
  };
  return (
    <>
      <h2 class="unseen">Connections</h2>
      <search class="toolbar">
        <label class="field">
          Listener
          <select value={listener} onChange={(event) => goTo("connections", event.currentTarget.value)}>
            {named !== undefined && !listeners.some(({ name }) => name === named) && <option>{named}</option>}
            {listeners.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="field grow">
          Search
          <input
            type="search"
            placeholder="address, port or id"
            value={typed}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              setOffset(0);
            }}
          />
        </label>
        <Paging offset={offset} pageRows={pageRows} answer={answer} go={setOffset} />
      </search>
      <OwnProblem error={error} />
      {answer !== undefined && answer.matched > 0 && (
        <ConnectionTable rows={answer.rows} rates={rates} order={order} sortBy={sortBy} close={setClosing} />
      )}
      {answer?.matched === 0 && <Nothing total={answer.total} search={search} />}
      {closing !== undefined && listener !== undefined && (
        <CloseDialog
          listener={listener}
          connection={closing}
          done={() => {
            setClosing(undefined);
            again();
          }}
        />
      )}
    </>
  );
}

function Nothing({ total, search }: { readonly total: number; readonly search: string }) {
  if (total > 0) {
    return (
      <Empty title={`None of ${grouped(total)} connections matches “${search}”`}>
        Search for part of an address, a port or an id.
      </Empty>
    );
  }
  return (
    <Empty title="No connection is open">
      Connect one: <code>nc HOST PORT</code>; or many: <code>tenk load tcp HOST:PORT -c 10000</code>
    </Empty>
  );
}

interface PagingProps {
  readonly offset: number;
  readonly pageRows: number;
  readonly answer: ConnectionsAnswer | undefined;
  go(offset: number): void;
}

function Paging({ offset, pageRows, answer, go }: PagingProps) {
  const { matched = 0, total = 0 } = answer ?? {};
  const last = Math.min(offset + pageRows, matched);
  return (
    <nav class="paging" aria-label="Pages of connections">
      <button type="button" class="button" disabled={offset === 0} onClick={() => go(Math.max(0, offset - pageRows))}>
        <span aria-hidden="true">←</span> <span class="unseen">previous page</span>
      </button>
      <span class="count">
        {matched === 0 ? "0" : `${grouped(offset + 1)}–${grouped(last)}`} of {grouped(matched)}
        {matched === total ? "" : ` (${grouped(total)} open)`}
      </span>
      <button type="button" class="button" disabled={last >= matched} onClick={() => go(offset + pageRows)}>
        <span aria-hidden="true">→</span> <span class="unseen">next page</span>
      </button>
    </nav>
  );
}

interface TableRequest {
  readonly listener: string | undefined;
  readonly search: string;
  readonly order: Order;
  readonly offset: number;
  readonly pageRows: number;
}

/** Loads one page of the table, again every two seconds while the browser shows it. */
function useConnections({ listener, search, order, offset, pageRows }: TableRequest) {
  const [answer, setAnswer] = useState<ConnectionsAnswer>();
  const [error, setError] = useState<ClientError>();
  const [turn, setTurn] = useState(0);
  const [rates, setRates] = useState<Rates>(NO_RATES);
  const meter = useRef(new RateMeter());
  useEffect(() => {
    if (listener === undefined) return;
    const words = { listener, q: search, sort: order.sort, order: order.direction, offset, limit: pageRows };
    const load = async (signal: AbortSignal) => {
      try {
        const loaded = await ask<ConnectionsAnswer>("/api/tcp/connections", words, signal);
        setRates(meter.current.add(listener, loaded.rows, performance.now()));
        setAnswer(loaded);
        setError(undefined);
      } catch (thrown) {
        if (thrown instanceof ClientError) setError(thrown);
      }
    };
    return whileShown(REFRESH_MS, load);
  }, [listener, search, order.sort, order.direction, offset, pageRows, turn]);
  return { answer, rates, error, again: () => setTurn(turn + 1) };
}

/** Returns whether a media query matches now. */
function useMatches(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = () => setMatches(list.matches);
    list.addEventListener("change", changed);
    return () => list.removeEventListener("change", changed);
  }, [query]);
  return matches;
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
