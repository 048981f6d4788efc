import { useEffect, useMemo, useState } from "preact/hooks";
import { useCell } from "../cell.ts";
import { Chart } from "../chart/mod.ts";
import { ClientError } from "../client.ts";
import { names } from "../instance.ts";
import { keysOf } from "../names.ts";
import { OwnProblem } from "../own-problem.tsx";
import { hashOf, lookOf } from "../route.ts";
import { whileShown } from "../while-shown.ts";
import { LOOKS, latencySource, latencySpec } from "./latency-source.ts";
import { serverNow } from "./overview.tsx";
import { LATENCY } from "./use-sparks.ts";

const HEIGHT = 190;
const EVERY_MS = 30_000;

/** How long a service took to answer. @param look the end of the address: `7d`, or a zoom */
export function LatencyChart({ name, look }: { readonly name: string; readonly look: string | undefined }) {
  const key = keysOf(useCell(names), LATENCY, { service: name })[0];
  const source = useMemo(() => latencySource(name), [name]);
  const [error, setError] = useState<ClientError>();
  useEffect(() => {
    if (key === undefined) return;
    const load = (signal: AbortSignal) =>
      source.load(look, key, serverNow(), signal).then(
        () => setError(undefined),
        (thrown) => {
          if (thrown instanceof ClientError) setError(thrown);
        },
      );
    return whileShown(EVERY_MS, load);
  }, [key, look, source]);
  if (key === undefined) return null;
  const isZoom = lookOf(look).zoom !== undefined;
  return (
    <section class="panel" aria-label="Latency">
      <nav class="segments looks" aria-label="How far back">
        {LOOKS.map((each, at) => {
          const isShown =
            look === each.name || (at === 0 && !isZoom && !LOOKS.some(({ name: other }) => other === look));
          return (
            <a key={each.name} href={hashOf(["services", name, each.name])} aria-current={isShown ? "true" : undefined}>
              {each.name}
            </a>
          );
        })}
      </nav>
      <OwnProblem error={error} />
      <Chart source={source} height={HEIGHT} spec={latencySpec(key)} />
    </section>
  );
}
