import type { HandedSeconds, History } from "../../metrics/mod.ts";
import type { Marks } from "../marks/mod.ts";
import type { RunningParts } from "../running-parts.ts";
import { VERSION } from "../version.ts";

/** What a process hands to the one that replaces it, beside the data folder. Plain data, as JSON can carry it. */
export interface HandedState {
  /** Its version of tenk. */
  readonly version: string;
  readonly seconds: HandedSeconds;
}

/** What is frozen and thawed, beside the parts. */
export interface FreezeSources {
  readonly parts: RunningParts;
  readonly certificates: { freeze(): Promise<void>; thaw(): void };
  readonly persistence: { readonly history: History; freeze(): Promise<void>; thaw(): Promise<void> };
  readonly marks: Marks;
  readonly pushing: { begin(): Promise<void>; end(): Promise<void> };
  readonly dashboard: { freeze(): Promise<void>; thaw(): void };
}

/**
 * Writes what the instance keeps, and leaves the data folder to another process. What may take seconds (a message, a certificate under
 * way) comes first, while new connections are still accepted.
 *
 * @param pause called before the rest: nothing new is accepted from then on
 */
export async function freezeInstance(
  { parts, certificates, persistence, marks, pushing, dashboard }: FreezeSources,
  pause: () => void | Promise<void>,
): Promise<HandedState> {
  await Promise.all([parts.freeze(), certificates.freeze(), pushing.end()]);
  await pause();
  // What has come since.
  await parts.freeze();
  await Promise.all([persistence.freeze(), marks.freeze(), dashboard.freeze()]);
  return { version: VERSION, seconds: persistence.history.handOver() };
}

/** Goes on after {@link freezeInstance}, or after a frozen start. @param state of the process before; undefined where that is this one */
export async function thawInstance(
  { parts, certificates, persistence, marks, pushing, dashboard }: FreezeSources,
  state: HandedState | undefined,
): Promise<void> {
  await persistence.thaw();
  if (state !== undefined) persistence.history.takeOver(state.seconds, performance.now());
  certificates.thaw();
  await parts.thaw();
  marks.thaw(state?.version);
  dashboard.thaw();
  await pushing.begin();
}
