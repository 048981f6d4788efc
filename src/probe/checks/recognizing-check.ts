import { type HandshakeKind, recognizingHandshake } from "../../wire/mod.ts";
import type { Outcome } from "../health/mod.ts";
import { checkHandshake, checkUnknown, type SocketCheck } from "./handshake-check.ts";

export interface RecognizingCheck extends Omit<SocketCheck, "user" | "password" | "signal"> {
  /** The kind that a service at this port usually is: it is asked so, once, if it says nothing by itself. */
  readonly guess?: HandshakeKind;
  /** How long a service that says nothing must keep the connection. @default {350} */
  readonly holdMs?: number;
}

/**
 * Makes the check of a service whose kind is not declared. It is recognised by what it says first, and asked in that protocol from then
 * on. One that says nothing, and does not answer as its port suggests, is never sent anything again: it may print what it gets.
 */
export function recognizingCheck({ guess, holdMs = 350, ...check }: RecognizingCheck) {
  let known: HandshakeKind | "unknown" | undefined;
  return async (signal?: AbortSignal): Promise<Outcome> => {
    const now = { ...check, ...(signal && { signal }) };
    if (known !== undefined && known !== "unknown") {
      const kind = known;
      const outcome = await checkHandshake({ ...now, kind });
      // Something else may come up in its place.
      if (outcome.result === "down") known = undefined;
      return { ...outcome, facts: { ...outcome.facts, kind } };
    }
    const handshake = recognizingHandshake(known === undefined ? guess : undefined);
    const outcome = await checkUnknown(now, handshake, holdMs);
    const { kind } = handshake;
    known = outcome.result === "down" ? undefined : (kind ?? "unknown");
    return kind === undefined ? outcome : { ...outcome, facts: { ...outcome.facts, kind } };
  };
}
