import { useState } from "preact/hooks";
import type { ProbeAnswer, StateChange } from "../../probe-api.ts";
import { Foreign, Moment, Scrolled } from "../elements.tsx";
import { duration, seconds } from "../format.ts";
import { StateSign } from "./state-sign.tsx";

/** Rows before somebody wants more. */
const FEW = 12;

/** Changes of state, the newest first. */
export function Changes({ changes, nowMs }: { readonly changes: readonly StateChange[]; readonly nowMs: number }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? changes : changes.slice(0, FEW);
  return (
    <section class="panel" aria-label="Changes">
      <h3>Changes</h3>
      {changes.length === 0 && <p class="note">Its state has not changed since tenk keeps a history of it.</p>}
      {changes.length > 0 && (
        <Scrolled name="Changes of state">
          <table class="targets stacked changes">
            <Titles titles={["When", "State", "Lasted", "Why"]} />
            <tbody>
              {shown.map(({ atMs, to, reason }, at) => (
                <tr key={atMs}>
                  <th scope="row" class="name" data-name="When">
                    <Moment ms={atMs} />
                  </th>
                  <td data-name="State">
                    <StateSign state={to} />
                  </td>
                  <td data-name="Lasted">{duration((changes[at - 1]?.atMs ?? nowMs) - atMs)}</td>
                  <Why text={reason} />
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolled>
      )}
      {shown.length < changes.length && (
        <button type="button" class="button small" onClick={() => setWhole(true)}>
          all {changes.length}
        </button>
      )}
    </section>
  );
}

/** What its last probes found. */
export function Answers({ answers }: { readonly answers: readonly ProbeAnswer[] }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? answers : answers.slice(0, FEW);
  return (
    <section class="panel" aria-label="Last answers">
      <h3>Last answers</h3>
      {answers.length === 0 && <p class="note">It has not been asked yet.</p>}
      {answers.length > 0 && (
        <Scrolled name="Table of the last answers">
          <table class="targets stacked changes">
            <Titles titles={["When", "Result", "Time", "Why"]} />
            <tbody>
              {shown.map(({ atMs, result, latencyMs, reason }) => (
                <tr key={atMs}>
                  <th scope="row" class="name" data-name="When">
                    <Moment ms={atMs} />
                  </th>
                  <td data-name="Result">
                    {/* It is up, and wants to know who asks. */}
                    <StateSign state={result === "restricted" ? "up" : result} />
                  </td>
                  <td data-name="Time">{latencyMs === null ? "–" : seconds(latencyMs / 1000)}</td>
                  <Why text={reason} />
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolled>
      )}
      {shown.length < answers.length && (
        <button type="button" class="button small" onClick={() => setWhole(true)}>
          all {answers.length}
        </button>
      )}
    </section>
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

function Why({ text }: { readonly text: string | null }) {
  if (text === null || text === "")
    return (
      <td data-name="Why" class="words none">
        –
      </td>
    );
  return (
    <td data-name="Why" class="words">
      <Foreign text={text} />
    </td>
  );
}
