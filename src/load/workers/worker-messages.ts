import type { EndedBy, Slice } from "../loop/mod.ts";
import type { EncodedHistogram, EncodedLatencies, TallyFields } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";

/** From the coordinator to a load worker. */
export type ToLoadWorker<Plan extends LoadPlan = LoadPlan> =
  | { readonly kind: "prepare"; readonly plan: Plan; readonly slice: Slice }
  | { readonly kind: "start" }
  | { readonly kind: "send" }
  | { readonly kind: "scale"; readonly factor: number }
  | { readonly kind: "stop"; readonly endedBy: EndedBy };

/** From a load worker. `state` replaces the one before; the last one carries `endedBy` and every histogram. */
export type FromLoadWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "ramped-up" }
  | {
      readonly kind: "state";
      readonly tally: TallyFields;
      readonly latencies: EncodedLatencies;
      readonly lag: EncodedHistogram | undefined;
      readonly debt: number;
      readonly draining: boolean;
      readonly endedBy?: EndedBy;
    };
