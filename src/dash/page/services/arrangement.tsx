import type { ProbedServiceView } from "../../probe-api.ts";
import { type Arrangement, STATES } from "./arrange.ts";

interface ArrangementProps {
  readonly services: readonly ProbedServiceView[];
  readonly wanted: Arrangement;
  readonly change: (next: Partial<Arrangement>) => void;
}

/** Below this many there is nothing to search for. */
const FEW = 5;

/** Filters and the order of the tiles. */
export function ArrangementTools({ services, wanted, change }: ArrangementProps) {
  if (services.length < FEW && wanted.search === "" && wanted.state === "") return null;
  const count = (state: Arrangement["state"]) =>
    services.filter((each) => (state === "not up" ? each.state !== "up" : each.state === state)).length;
  const states = [...(count("not up") > 0 ? ["not up" as const] : []), ...STATES.filter((state) => count(state) > 0)];
  // A filter whose last service has changed its state stays, so that it can be switched off.
  const shown = wanted.state === "" || states.includes(wanted.state) ? states : [...states, wanted.state];
  return (
    <search class="toolbar">
      <label class="field grow">
        Search
        <input
          type="search"
          placeholder="name, address, group or reason"
          value={wanted.search}
          onInput={(event) => change({ search: event.currentTarget.value })}
        />
      </label>
      <fieldset class="segments states">
        <legend class="unseen">State</legend>
        {(["", ...shown] as const).map((state) => (
          <button
            type="button"
            key={state}
            aria-pressed={wanted.state === state}
            onClick={() => change({ state: wanted.state === state ? "" : state })}
          >
            {state === "" ? "all" : state} <span class="count">{state === "" ? services.length : count(state)}</span>
          </button>
        ))}
      </fieldset>
      <label class="field">
        Order
        <select
          value={wanted.order}
          onChange={(event) => change({ order: event.currentTarget.value as Arrangement["order"] })}
        >
          <option value="worst">worst first</option>
          <option value="groups">{services.some(({ group }) => group) ? "by group" : "as declared"}</option>
          <option value="name">by name</option>
          <option value="uptime">lowest uptime first</option>
        </select>
      </label>
    </search>
  );
}
