import { useRef } from "preact/hooks";
import type { ProbedServiceView } from "../../probe-api.ts";
import { cell, useCell } from "../cell.ts";
import { Empty, Foreign } from "../elements.tsx";
import { visible } from "../format.ts";
import { latest, state, status } from "../instance.ts";
import { type Arrangement, arranged, type Group, kept, ORDERS } from "./arrange.ts";
import { ArrangementTools } from "./arrangement.tsx";
import { BoxLine } from "./box-line.tsx";
import { Boxes } from "./boxes.tsx";
import { type Headline, headlineOf, rootsOf, sinceText } from "./headline.ts";
import { Problems } from "./problems.tsx";
import { Tile } from "./tile.tsx";
import { Undeclared } from "./undeclared.tsx";
import { useSparks } from "./use-sparks.ts";

/** From so many on tiles are small. */
const MANY = 40;
const ORDER = "services-order";

/** Kept while the page is open: who comes back from a service finds the same tiles. The order is undefined until it is chosen. */
const wishes = cell<Omit<Arrangement, "order"> & { readonly order: Arrangement["order"] | undefined }>({
  search: "",
  state: "",
  order: ORDERS.find((order) => order === localStorage.getItem(ORDER)),
});

/** Whether everything is well, and each service as a tile. */
export function Overview() {
  const known = useCell(status);
  const wished = useCell(wishes);
  const sparks = useSparks();
  const list = useRef<HTMLDivElement>(null);
  const shown = useRef<readonly string[]>([]);
  const nowMs = serverNow();
  const services = known?.parts.probe?.services ?? [];
  const problems = known?.problems ?? [];
  const wanted = { ...wished, order: wished.order ?? (services.some(({ group }) => group) ? "groups" : "worst") };
  const sorted = arranged(services, wanted);
  const isBusy = list.current?.matches(":hover, :focus-within") === true;
  const groups = isBusy ? kept(sorted, shown.current) : sorted;
  shown.current = groups.flatMap((group) => group.services.map(({ service }) => service));
  const change = (next: Partial<Arrangement>) => {
    shown.current = [];
    if (next.order !== undefined) localStorage.setItem(ORDER, next.order);
    wishes.set({ ...wishes.get(), ...next });
  };
  if (known === undefined) return <p class="note">Loading …</p>;
  return (
    <>
      <h2 class="unseen">Services</h2>
      <HeadlineLine headline={headlineOf(services, problems, nowMs)} />
      <BoxLine />
      {rootsOf(problems).length > 1 && <Problems problems={problems} nowMs={nowMs} />}
      {services.length > 0 && <ArrangementTools services={services} wanted={wanted} change={change} />}
      <div ref={list} class={services.length >= MANY ? "tile-groups many" : "tile-groups"}>
        {groups.map((group) => (
          <Tiles
            key={group.title}
            group={group}
            isTitled={groups.length > 1 || group.title !== ""}
            tile={(view) => (
              <Tile
                key={view.service}
                view={view}
                today={known.parts.probe?.today}
                spark={sparks.get(view.service)}
                nowMs={nowMs}
              />
            )}
          />
        ))}
      </div>
      {services.length > 0 && groups.length === 0 && (
        <Empty title="No service matches">
          <button type="button" class="button" onClick={() => change({ search: "", state: "" })}>
            Show all {services.length}
          </button>
        </Empty>
      )}
      {services.length === 0 && <Nothing declared={known.services.length} />}
      {/* Below what is here: a box is asked first of itself. */}
      <Boxes boxes={known.parts.boxes?.boxes ?? []} nowMs={nowMs} />
      <Undeclared isFirst={services.length === 0} canLook={known.parts.probe !== undefined} />
    </>
  );
}

/** The server's clock, which the page's may differ from. */
export function serverNow(): number {
  return latest.get().t || Date.now();
}

function HeadlineLine({ headline }: { readonly headline: Headline }) {
  const isLost = useCell(state) === "stopped";
  const { tone, text } = isLost
    ? ({ tone: "plain", text: `Not known: tenk has not answered since ${sinceText(serverNow())}.` } as const)
    : headline;
  return (
    <p class={`headline ${tone}`} role="status">
      <span class="headline-sign" aria-hidden="true">
        {{ good: "✓", warning: "▲", bad: "✗", plain: "?" }[tone]}
      </span>
      <Foreign text={text} />
    </p>
  );
}

interface TilesProps {
  readonly group: Group;
  readonly isTitled: boolean;
  readonly tile: (view: ProbedServiceView) => preact.JSX.Element;
}

function Tiles({ group: { title, services }, isTitled, tile }: TilesProps) {
  const name = title === "" ? "Other services" : title;
  return (
    <section aria-label={isTitled ? visible(name) : "All services"}>
      {isTitled && (
        <h2>
          <Foreign text={name} />
        </h2>
      )}
      <ul class="tiles">{services.map(tile)}</ul>
    </section>
  );
}

function Nothing({ declared }: { readonly declared: number }) {
  if (declared > 0)
    return (
      <Empty title="No service is probed">
        {declared} {declared === 1 ? "is" : "are"} declared, and the configuration has <code>probe: false</code>.
      </Empty>
    );
  return (
    <Empty title="No service is declared">
      A line in <code>tenk.yaml</code> gives one a name, HTTPS, probes and a tile:{" "}
      <code>
        services: {"{"} git: http://127.0.0.1:3000 {"}"}
      </code>
    </Empty>
  );
}
