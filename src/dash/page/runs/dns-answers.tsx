import type { DnsSection } from "../../run.ts";
import { Foreign } from "../elements.tsx";
import { compact, grouped } from "../format.ts";

/** The answers of a DNS server by response code, and the model that asked for them. */
export function DnsAnswers({ of }: { readonly of: DnsSection }) {
  const { rcodes, wrongRcode, mismatched, truncated, perSecond, model } = of;
  const wrong: readonly (readonly [string, number])[] = [
    ["with a response code that is not expected", wrongRcode],
    ["to another question", mismatched],
    ["truncated", truncated],
  ];
  return (
    <>
      <ul class="counts answers" aria-label="Answers">
        {[...Object.entries(rcodes), ...wrong.filter(([, count]) => count > 0)].map(([name, count]) => (
          <li key={name}>
            <strong>{grouped(count)}</strong> <Foreign text={name} />
          </li>
        ))}
      </ul>
      <p class="note">
        {compact(perSecond)} answers a second,{" "}
        {model === "open" ? "asked for as planned (open model)." : CLOSED_QUERIES}
      </p>
    </>
  );
}

const CLOSED_QUERIES =
  "each query sent when an answer had come (closed model): waits while the server stalls are not in the latencies.";
