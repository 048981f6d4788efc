import { type ErrorCode, TenkError } from "../../base/mod.ts";

/** The result of a request: `ended` where the worker ended instead of answering, `silent` where it did not answer in time. */
export type Outcome =
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "refused"; readonly error: unknown }
  | { readonly kind: "ended" }
  | { readonly kind: "silent" };

/** An event loop that does not answer within this time is left out, since a handler blocks it. */
export const REQUEST_TIMEOUT_MS = 5000;

/** A TenkError on its way between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

export function failureError({ code, message, hint }: Failure): TenkError {
  return new TenkError(code, message, hint === undefined ? {} : { hint });
}
