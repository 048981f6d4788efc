import type { ServiceTargetView } from "../../proxy-api.ts";
import { Foreign, Scrolled } from "../elements.tsx";
import { visible, written } from "../format.ts";

const TITLES = ["Target", "State", "Active", "Answered", "Failures", "Last error"];

/** The targets of a service, with the state of each. */
export function ServiceTargets({
  service,
  targets,
}: {
  readonly service: string;
  readonly targets: readonly ServiceTargetView[];
}) {
  return (
    <Scrolled name={`Targets of ${visible(service)}`}>
      <table class="targets stacked">
        <thead>
          <tr>
            {TITLES.map((title) => (
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
  );
}

function Target({ target }: { readonly target: ServiceTargetView }) {
  const { address, state, active, total, failures, lastError } = target;
  return (
    <tr>
      <th scope="row" class="name" data-name="Target">
        <Foreign text={address} />
      </th>
      <td data-name="State">
        <State state={state} />
      </td>
      <td data-name="Active">{written(active, "count")}</td>
      <td data-name="Answered">{written(total, "count")}</td>
      <td data-name="Failures">{written(failures, "count")}</td>
      <td data-name="Last error" class={lastError === null ? "words none" : "words"}>
        {lastError === null ? "–" : <Foreign text={lastError} />}
      </td>
    </tr>
  );
}

/** The sign repeats the colour, for readers who do not see it. */
function State({ state }: Pick<ServiceTargetView, "state">) {
  if (state === "up") return <span class="verdict pass">✓ up</span>;
  if (state === "down") return <span class="verdict fail">✗ down</span>;
  return <span class="raised">{state}</span>;
}
