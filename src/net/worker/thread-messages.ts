import type { LogEntry } from "../../base/mod.ts";
import type { Failure } from "./outcome.ts";

/** A request to the thread itself. */
export type OwnRequest =
  | { readonly what: "ping" }
  | { readonly what: "vitals" }
  | { readonly what: "registered"; readonly name: string };

/** `request` numbers requests, `id` numbers deployments. */
export type ToThread =
  | { readonly kind: "deploy"; readonly request: number; readonly id: number; module: string; start: unknown }
  | { readonly kind: "stop"; readonly request: number; readonly id: number; readonly graceMs: number }
  /** Its stop was given up, and nobody waits for it any more. */
  | { readonly kind: "forget"; readonly id: number }
  | { readonly kind: "post"; readonly id: number; readonly message: unknown }
  | { readonly kind: "request"; readonly request: number; readonly id: number; readonly message: unknown }
  | { readonly kind: "own"; readonly request: number; readonly own: OwnRequest };

export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly request: number; readonly value: unknown }
  | { readonly kind: "refused"; readonly request: number; readonly failure: Failure }
  /** The program that was asked has stopped, or did not start. */
  | { readonly kind: "gone"; readonly request: number }
  | { readonly kind: "post"; readonly id: number; readonly message: unknown }
  | { readonly kind: "log"; readonly entry: LogEntry };
