import type { ConnectionRow, ConnectionSort } from "../../../tcp-api.ts";
import { Foreign, Scrolled } from "../../elements.tsx";
import { bytes, duration, written } from "../../format.ts";
import { keyOf, type Rate, type Rates } from "./rates.ts";

export interface Order {
  readonly sort: ConnectionSort;
  readonly direction: "asc" | "desc";
}

/** The sortable columns, with their names in the API. */
const COLUMNS: readonly (readonly [sort: ConnectionSort, title: string])[] = [
  ["age", "Age"],
  ["idle", "Idle"],
  ["read", "Read"],
  ["written", "Written"],
  ["queued", "Write queue"],
];

interface TableProps {
  readonly rows: readonly ConnectionRow[];
  readonly rates: Rates;
  readonly order: Order;
  sortBy(sort: ConnectionSort): void;
  close(row: ConnectionRow): void;
}

export function ConnectionTable({ rows, rates, order, sortBy, close }: TableProps) {
  const hasWorkers = rows.some(({ worker }) => worker > 0);
  const hasTls = rows.some(({ tls }) => Boolean(tls));
  return (
    <Scrolled class="panel" name="Open connections">
      <table class="data stacked connections">
        <thead>
          <tr>
            <th scope="col" class="left">
              Peer
            </th>
            <th scope="col">Id</th>
            {hasWorkers && <th scope="col">Worker</th>}
            {COLUMNS.map(([sort, title]) => (
              <SortHead key={sort} title={title} order={order} sort={sort} choose={() => sortBy(sort)} />
            ))}
            <th scope="col">RTT</th>
            {hasTls && <th scope="col">TLS</th>}
            <th scope="col" class="act">
              <span class="unseen">Close</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={keyOf(row)}
              row={row}
              rate={rates.get(keyOf(row))}
              hasWorkers={hasWorkers}
              hasTls={hasTls}
              close={close}
            />
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

interface HeadProps {
  readonly title: string;
  readonly order: Order;
  readonly sort: ConnectionSort;
  choose(): void;
}

function SortHead({ title, order, sort, choose }: HeadProps) {
  const isChosen = order.sort === sort;
  const isUp = order.direction === "asc";
  return (
    <th scope="col" aria-sort={isChosen ? (isUp ? "ascending" : "descending") : "none"}>
      <button type="button" class="sort" onClick={choose}>
        {title} <span aria-hidden="true">{isChosen ? (isUp ? "▲" : "▼") : "△"}</span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly row: ConnectionRow;
  readonly rate: Rate | undefined;
  readonly hasWorkers: boolean;
  readonly hasTls: boolean;
  close(row: ConnectionRow): void;
}

function Row({ row, rate, hasWorkers, hasTls, close }: RowProps) {
  const isCarried = row.wireAddress !== row.remoteAddress;
  return (
    <tr>
      <th scope="row" class="left name">
        <Foreign text={peerOf(row)} />
        {isCarried && (
          <span class="note">
            {" "}
            by <Foreign text={row.wireAddress} />
          </span>
        )}
      </th>
      <td data-name="Id">{row.id}</td>
      {hasWorkers && <td data-name="Worker">{row.worker}</td>}
      <td data-name="Age">{duration(row.ageMs)}</td>
      <td data-name="Idle">{row.idleMs < 1000 ? "now" : duration(row.idleMs)}</td>
      <td data-name="Read">
        <Traffic total={row.bytesRead} perSecond={rate?.readPerSecond} />
      </td>
      <td data-name="Written">
        <Traffic total={row.bytesWritten} perSecond={rate?.writtenPerSecond} />
      </td>
      <td data-name="Write queue" class={row.queuedBytes > 0 ? "raised" : ""}>
        {bytes(row.queuedBytes)}
      </td>
      <td data-name="RTT">{typeof row.rttMs === "number" ? `${row.rttMs.toFixed(row.rttMs < 10 ? 2 : 0)} ms` : "–"}</td>
      {hasTls && <td data-name="TLS">{row.tls ? <Foreign text={row.tls} /> : "–"}</td>}
      <td class="act">
        <button
          type="button"
          class="button small"
          aria-label={`close the connection of ${peerOf(row)}`}
          onClick={() => close(row)}
        >
          Close
        </button>
      </td>
    </tr>
  );
}

/** The total, and beside it the rate, once two looks have told it. */
function Traffic({ total, perSecond }: { readonly total: number; readonly perSecond: number | undefined }) {
  return (
    <>
      {bytes(total)} <span class="rate">{perSecond === undefined ? "" : written(perSecond, "bytesPerSecond")}</span>
    </>
  );
}

/** Returns the peer's address with its port; the peer of a Unix socket has neither. */
export function peerOf({ remoteAddress, remotePort }: ConnectionRow): string {
  if (remoteAddress === "") return "local";
  return `${remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}
