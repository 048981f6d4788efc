import type { ListenerView, TargetView } from "../../tcp-api.ts";
import { Foreign, Moment, Scrolled } from "../elements.tsx";
import { clock, grouped, visible, written } from "../format.ts";

/** The targets of a relay, with the state of each. */
export function Targets({ listener: { name, handler, relay } }: { readonly listener: ListenerView }) {
  if (handler !== "relay") return null;
  if (relay === undefined) return <p class="note">The state of its targets is not known yet.</p>;
  const { pairs, withoutTarget, targets, targetsLeftOut } = relay;
  return (
    <>
      <h4 class="targets-title">
        Targets{" "}
        <span class="note">
          {grouped(pairs)} {pairs === 1 ? "pair" : "pairs"}, {grouped(withoutTarget)} clients closed without a target
        </span>
      </h4>
      <Scrolled name={`Targets of ${visible(name)}`}>
        <table class="targets stacked">
          <thead>
            <tr>
              {["Target", "State", "Open", "Total", "Failures", "Out since", "Last error"].map((title) => (
                <th scope="col" key={title}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {targets.map((each) => (
              <Target key={each.address} target={each} />
            ))}
          </tbody>
        </table>
      </Scrolled>
      {targetsLeftOut > 0 && <p class="note">{grouped(targetsLeftOut)} more targets are in /metrics.</p>}
    </>
  );
}

function Target({ target }: { readonly target: TargetView }) {
  const { address, active, total, failures, outSince, lastError } = target;
  return (
    <tr>
      <th scope="row" class="name" data-name="Target">
        <Foreign text={address} />
      </th>
      <td data-name="State">
        <State target={target} />
      </td>
      <td data-name="Open">{written(active, "count")}</td>
      <td data-name="Total">{written(total, "count")}</td>
      <td data-name="Failures">{written(failures, "count")}</td>
      <td data-name="Out since" class={outSince === null ? "words none" : "words"}>
        <Out target={target} />
      </td>
      <td data-name="Last error" class={lastError === null ? "words none" : "words"}>
        <LastError target={target} />
      </td>
    </tr>
  );
}

/** The sign repeats the colour, for readers who do not see it. */
function State({ target: { state } }: { readonly target: TargetView }) {
  if (state === "up") return <span class="verdict pass">✓ up</span>;
  if (state === "out") return <span class="verdict fail">✗ out</span>;
  return <span class="raised">{state}</span>;
}

function Out({ target: { outSince, nextTryAt, state } }: { readonly target: TargetView }) {
  if (outSince === null) return <>–</>;
  return (
    <>
      <Moment ms={Date.parse(outSince)} />
      {nextTryAt !== null && state !== "draining" && (
        <span class="note">, next try {clock(Date.parse(nextTryAt))}</span>
      )}
    </>
  );
}

function LastError({ target: { lastError, lastErrorAt } }: { readonly target: TargetView }) {
  if (lastError === null || lastErrorAt === null) return <>–</>;
  return (
    <>
      <Foreign text={lastError} />{" "}
      <span class="note">
        <Moment ms={Date.parse(lastErrorAt)} />
      </span>
    </>
  );
}
