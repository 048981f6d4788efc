import { useState } from "preact/hooks";
import type { MaintenanceRequest, MaintenanceWindowView } from "../../alerts-api.ts";
import { useAct } from "../act.tsx";
import { useCell } from "../cell.ts";
import { Foreign, Moment } from "../elements.tsx";
import { loadStatus, panels } from "../instance.ts";
import { useAnswer } from "../use-answer.ts";

const ROUTE = "/api/alerts/maintenance";
const EVERY_MS = 10_000;
const LENGTHS = [
  ["30m", "30 minutes"],
  ["2h", "2 hours"],
  ["8h", "8 hours"],
  ["24h", "a day"],
  ["7d", "a week"],
] as const;

/** Begins and ends maintenance of a service, in which it raises no alert. Only where alerts run. */
export function Maintenance({ name }: { readonly name: string }) {
  const hasAlerts = useCell(panels).some((part) => part.name === "alerts");
  return hasAlerts ? <Switch name={name} /> : null;
}

function Switch({ name }: { readonly name: string }) {
  const { answer, again } = useAnswer<readonly MaintenanceWindowView[]>(ROUTE, {}, EVERY_MS);
  const [length, setLength] = useState<string>("2h");
  const { act, shown } = useAct(() => {
    again();
    void loadStatus();
  });
  if (answer === undefined) return null;
  const window = answer.find(({ services }) => services.includes(name) || services.includes("all"));
  const send = (body: MaintenanceRequest) => void act("Maintenance", ROUTE, body);
  return (
    <div class="toolbar maintenance">
      {window === undefined ? (
        <>
          <label class="field">
            No alerts for
            <select value={length} onChange={(event) => setLength(event.currentTarget.value)}>
              {LENGTHS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <button type="button" class="button" onClick={() => send({ services: [name], for: length })}>
            Begin maintenance
          </button>
        </>
      ) : (
        <>
          <span>
            In maintenance until <Moment ms={window.untilMs} />
            {window.isScheduled && ", by schedule"}
            {window.reason ? (
              <>
                : <Foreign text={window.reason} />
              </>
            ) : null}
          </span>
          <button type="button" class="button" onClick={() => send({ end: [name] })}>
            End it
          </button>
        </>
      )}
      {shown}
    </div>
  );
}
