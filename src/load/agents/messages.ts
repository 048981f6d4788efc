import type { ErrorCode } from "../../base/mod.ts";
import type { Connection } from "../../net/mod.ts";
import { lengthPrefixed } from "../../wire/mod.ts";
import type { EndedBy, Slice } from "../loop/mod.ts";
import type { LoadPlan, Obstacle } from "../plan/mod.ts";
import { type Fields, object, text } from "./check.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";

/** Of these messages. An agent of another one is refused. */
export const PROTOCOL = 1;
/** Where agents dial in. */
export const AGENTS_PORT = 9292;

/** A frame of somebody who has not shown that he has the key. */
const MAX_STRANGER_BYTES = 4096;
/** A state with every histogram, and counts of a hundred requests. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;
/** A plan with the files that belong to it. */
export const MAX_PLAN_BYTES = 64 * 1024 * 1024;
/** What waits for one connection at most. */
export const MAX_QUEUED_BYTES = 2 * MAX_PLAN_BYTES;

export const STRANGER_FRAMES = lengthPrefixed({ maxBytes: MAX_STRANGER_BYTES });
export const STATE_FRAMES = lengthPrefixed({ maxBytes: MAX_STATE_BYTES });
export const PLAN_FRAMES = lengthPrefixed({ maxBytes: MAX_PLAN_BYTES });

/** A file that belongs to a plan, such as a script. */
export interface SentFile {
  /** Relative to the others. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Why an agent is refused. `full`: there are as many as were asked for. */
export type RefusalReason = "key" | "throttled" | "version" | "full";

/** From the controller to an agent. Clocks are the agent's own, in milliseconds. */
export type ToAgent =
  | { readonly kind: "challenge"; readonly nonce: Uint8Array }
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly message: string }
  | { readonly kind: "welcome"; readonly proof: Uint8Array; readonly silentMs: number; readonly name: string }
  | { readonly kind: "ping"; readonly id: number }
  | {
      readonly kind: "prepare";
      readonly run: number;
      readonly protocol: string;
      readonly plan: LoadPlan;
      readonly slices: readonly Slice[];
      readonly files: readonly SentFile[];
    }
  | { readonly kind: "begin" | "send"; readonly run: number; readonly atMs: number }
  | { readonly kind: "scale"; readonly run: number; readonly factor: number }
  | { readonly kind: "stop"; readonly run: number; readonly endedBy: EndedBy }
  | { readonly kind: "close"; readonly run: number }
  | { readonly kind: "bye" };

/** From an agent to the controller. `state` is `readState`'s. */
export type FromAgent =
  | {
      readonly kind: "join";
      readonly protocol: number;
      readonly version: string;
      readonly nonce: Uint8Array;
      readonly proof: Uint8Array;
      readonly name: string;
      readonly cores: number;
    }
  | { readonly kind: "pong"; readonly id: number; readonly nowMs: number; readonly wallMs: number }
  | { readonly kind: "ready"; readonly run: number; readonly warnings: readonly Obstacle[] }
  | {
      readonly kind: "failed";
      readonly run: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
    }
  | { readonly kind: "began" | "sending" | "ramped-up"; readonly run: number }
  | { readonly kind: "state"; readonly run: number; readonly state: Fields }
  | { readonly kind: "leave"; readonly why: string };

/** @throws {TenkError} `invalid-option` for a plan that is too large */
export function send(connection: Connection<unknown>, message: ToAgent | FromAgent): void {
  if (!connection.closed) connection.write(PLAN_FRAMES.encode(encodeFrame(message)));
}

/** Returns what came in a frame: an object with a kind, and nothing else is known of it. @throws {TenkError} */
export function receive(frame: Uint8Array): Fields & { readonly kind: string } {
  const message = object(decodeFrame(frame), "message");
  return { ...message, kind: text(message.kind, 20, "kind") };
}

/** Of texts that are shown to people: names, messages. */
export function shown(value: unknown, most: number, what: string): string {
  return text(value, most, what).replace(/[\p{Cc}\p{Cf}]/gu, " ");
}
