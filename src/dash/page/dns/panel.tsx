import type { ComponentChildren } from "preact";
import type { DnsListView, DnsUpstreamView, DnsView } from "../../dns-api.ts";
import { useCell } from "../cell.ts";
import { Chart } from "../chart/mod.ts";
import { Foreign, Scrolled } from "../elements.tsx";
import { written } from "../format.ts";
import { names, status } from "../instance.ts";
import { nowSource } from "../now-source.ts";
import { BlockingControl } from "./blocking.tsx";
import { failuresSpec, queriesSpec, upstreamsSpec } from "./specs.ts";

const ROW_HEIGHT = 132;

/** The name server at a glance. */
export function DnsPanel() {
  const known = useCell(status)?.parts.dns;
  const series = useCell(names);
  if (known === undefined) return null;
  return (
    <>
      <h2>DNS</h2>
      <section class="panel listener" aria-label="Name server">
        <header>
          <h3>
            <a href="#/dns">Query log</a>
          </h3>
          <p class="note">on port {known.port}</p>
          <BlockingControl blocking={known.blocking} />
        </header>
        <DnsFigures known={known} />
        <div class="listener-charts dns-charts">
          <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={queriesSpec(series)} />
          <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={upstreamsSpec(series)} />
          <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={failuresSpec(series)} />
        </div>
        <Upstreams upstreams={known.upstreams} />
        {known.lists.length > 0 && <Lists lists={known.lists} />}
      </section>
    </>
  );
}

/** Since the start. */
function DnsFigures({ known: { queries, names: blocked, lists } }: { readonly known: DnsView }) {
  const { total, cached, forwarded } = queries;
  return (
    <dl class="quick dns-figures">
      <Figure name="Queries" value={written(total, "count")} />
      <Figure name="Blocked" value={share(queries.blocked, total)}>
        {written(queries.blocked, "count")} queries
      </Figure>
      <Figure name="From the cache" value={share(cached, cached + forwarded)}>
        of those that are not local
      </Figure>
      <Figure name="Names on lists" value={written(blocked, "count")}>
        {lists.length} {lists.length === 1 ? "list" : "lists"}
      </Figure>
    </dl>
  );
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : written(part / whole, "share");
}

function Figure({
  name,
  value,
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="stat">
      <dt>{name}</dt>
      <dd>
        <span class="stat-value">{value}</span> <span class="stat-note">{children}</span>
      </dd>
    </div>
  );
}

function Upstreams({ upstreams }: { readonly upstreams: readonly DnsUpstreamView[] }) {
  return (
    <Scrolled name="Upstreams">
      <table class="targets stacked">
        <Titles titles={["Upstream", "State", "Round trip", "Queries", "Answers"]} />
        <tbody>
          {upstreams.map(({ name, isDown, rttMs, queries, answers }) => (
            <tr key={name}>
              <th scope="row" class="name" data-name="Upstream">
                <Foreign text={name} />
              </th>
              <td data-name="State">
                <span class={`verdict ${isDown ? "fail" : "pass"}`}>{isDown ? "✗ down" : "✓ up"}</span>
              </td>
              <td data-name="Round trip">{rttMs === null ? "–" : written(rttMs / 1000, "seconds")}</td>
              <td data-name="Queries">{written(queries, "count")}</td>
              <td data-name="Answers">{written(answers, "count")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

function Lists({ lists }: { readonly lists: readonly DnsListView[] }) {
  return (
    <Scrolled name="Lists">
      <table class="targets stacked">
        <Titles titles={["List", "Kind", "Names", "Rules", "Invalid lines", "Problem"]} />
        <tbody>
          {lists.map(({ name, kind, names: count, rules, invalid, problem }) => (
            <tr key={`${kind} ${name}`}>
              <th scope="row" class="name" data-name="List">
                <Foreign text={name} />
              </th>
              <td data-name="Kind">{kind === "allow" ? "allows" : "blocks"}</td>
              <td data-name="Names">{written(count, "count")}</td>
              <td data-name="Rules">{written(rules, "count")}</td>
              <td data-name="Invalid lines">{written(invalid, "count")}</td>
              <td data-name="Problem" class={problem === null ? "words none" : "words raised"}>
                {problem === null ? "–" : <Foreign text={problem} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

function Titles({ titles }: { readonly titles: readonly string[] }) {
  return (
    <thead>
      <tr>
        {titles.map((title) => (
          <th scope="col" key={title}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}
