import { type ErrorCode, messageOf, TenkError } from "../../base/mod.ts";
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
  /** Its clock has begun, and so have its first connects. */
  | { readonly kind: "began" }
  | FailedMessage
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

/** A `TenkError`, which would arrive as an `Error` without its code. */
interface FailedMessage {
  readonly kind: "failed";
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

export function failedMessage(thrown: unknown): FailedMessage {
  const isOurs = thrown instanceof TenkError;
  const code = isOurs ? thrown.code : "worker-failed";
  const message = isOurs ? thrown.message : `A load worker failed: ${messageOf(thrown)}`;
  return { kind: "failed", code, message, hint: isOurs ? thrown.hint : undefined };
}

export function errorFrom({ code, message, hint }: FailedMessage): TenkError {
  return new TenkError(code, message, hint === undefined ? {} : { hint });
}
