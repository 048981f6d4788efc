import type { BoxView } from "../../boxes-api.ts";
import { Foreign } from "../elements.tsx";
import { written } from "../format.ts";
import { lastedText, sinceText } from "./headline.ts";
import { StateSign } from "./state-sign.tsx";

/** Beyond these the names of services that are not well say no more. */
const MOST = 6;
const TONES = { up: "good", pending: "plain", unknown: "plain" } as const;

/** Other machines with tenk, a tile each: how they fare, and which of their services are not well. */
export function Boxes({ boxes, nowMs }: { readonly boxes: readonly BoxView[]; readonly nowMs: number }) {
  if (boxes.length === 0) return null;
  return (
    <section aria-label="Other boxes">
      <h2>Other boxes</h2>
      <ul class="tiles">
        {boxes.map((box) => (
          <Box key={box.box} box={box} nowMs={nowMs} />
        ))}
      </ul>
    </section>
  );
}

function Box({ box, nowMs }: { readonly box: BoxView; readonly nowMs: number }) {
  const { state, url, sinceMs, reason, answeredMs, services } = box;
  const unwell = state === "up" ? services.filter((each) => each.state !== "up") : [];
  const isBad = unwell.some((each) => each.state === "down");
  return (
    <li class={`tile panel ${isBad ? "bad" : unwell.length > 0 ? "warning" : TONES[state]}`}>
      <div class="tile-head">
        <h3>
          <a href={url}>
            <Foreign text={box.box} />
          </a>
        </h3>
        <StateSign state={state} />
        <span class="note tile-since">{lastedText(nowMs - sinceMs)}</span>
      </div>
      {reason !== null && (
        <p class="tile-reason">
          <Foreign text={reason} />
        </p>
      )}
      {state === "up" && <p class="box-line">{vitalsOf(box)}</p>}
      {state === "unknown" && answeredMs !== null && (
        <p class="note">It last answered at {sinceText(answeredMs, nowMs)}.</p>
      )}
      {services.length > 0 && (
        <p>
          {services.filter((each) => each.state === "up").length} of {services.length} services up
          {unwell.length > 0 && (
            <>
              : <Foreign text={namesOf(unwell)} />
            </>
          )}
        </p>
      )}
    </li>
  );
}

function namesOf(unwell: BoxView["services"]): string {
  const named = unwell.slice(0, MOST).map(({ service, state }) => `${service} is ${state}`);
  return [...named, ...(unwell.length > MOST ? [`${unwell.length - MOST} more are not up`] : [])].join(", ");
}

function vitalsOf({ host }: BoxView): string {
  if (host === null) return "";
  const { busy, memoryUsedBytes: used, memoryTotalBytes: total, rootUsedPercent: disk, temperatureCelsius } = host;
  return [
    busy === null ? "" : `processor ${written(busy, "share")}`,
    used === null || !total ? "" : `memory ${written(used / total, "share")}`,
    disk === null ? "" : `disk ${written(disk, "percent")}`,
    temperatureCelsius === null ? "" : written(temperatureCelsius, "celsius"),
  ]
    .filter((fact) => fact !== "")
    .join(" · ");
}
