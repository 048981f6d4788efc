import type { CloseReason } from "../reasons.ts";
import type { LimitSettings } from "../settings.ts";

/** How long after our FIN the peer's is awaited. Closing at once would answer bytes still under way with a reset, and a
 * reset makes the peer's kernel throw away what it has not read yet (RFC 1122 §4.2.2.13, RFC 7230 §6.6). */
export const LINGER_MS = 5_000;

/** Looks at a peer in each `stallMs`: it is closed as stalled at most this share later. */
const LOOKS_PER_STALL = 16;
const SHORTEST_LOOK_MS = 50;

/** Returns how often to ask the kernel whether the peer takes bytes that wait: no event reports that. */
export function lookEveryMs(stallMs: number): number {
  return stallMs > 0 ? Math.min(LINGER_MS, Math.max(SHORTEST_LOOK_MS, stallMs / LOOKS_PER_STALL)) : LINGER_MS;
}

/** The moments from which a connection's deadlines are counted. */
export interface Moments {
  openedMs: number;
  activeMs: number;
  progressMs: number;
  heard: boolean;
  /** Whether bytes wait in the write queue, or our FIN waits in the kernel. */
  waits: boolean;
  /** Set once the peer has everything including our FIN, so that its own FIN ends the connection. */
  lingers: CloseReason | undefined;
  /** How long that FIN is awaited. */
  lingerMs: number;
}

/** Returns the nearest deadline and its close reason, or undefined where there is none. */
export function nearestDeadline(
  limits: LimitSettings,
  moments: Moments,
): { atMs: number; reason: CloseReason } | undefined {
  let atMs = Number.POSITIVE_INFINITY;
  let reason: CloseReason | undefined;
  const consider = (candidateMs: number, why: CloseReason) => {
    if (candidateMs >= atMs) return;
    atMs = candidateMs;
    reason = why;
  };
  if (moments.lingers !== undefined) consider(moments.progressMs + moments.lingerMs, moments.lingers);
  if (limits.lifetimeMs > 0) consider(moments.openedMs + limits.lifetimeMs, "lifetime");
  if (limits.firstByteMs > 0 && !moments.heard) consider(moments.openedMs + limits.firstByteMs, "first-byte");
  if (limits.idleMs > 0) consider(moments.activeMs + limits.idleMs, "idle");
  if (limits.stallMs > 0 && moments.waits) consider(moments.progressMs + limits.stallMs, "stalled");
  return reason === undefined ? undefined : { atMs, reason };
}
