import type { Owner, Zone } from "./zone.ts";

/** RFC 6762 §8.1: three probes, and the same time again in which nobody objects. */
const PROBES = 3;
const PROBE_MS = 250;
/** After a probe of another machine for the same name that has the better records (§8.2). */
const LOST_MS = 1000;
/** RFC 6762 §8.3: at least two, a second apart. */
const ANNOUNCEMENTS = 2;
const ANNOUNCE_MS = 1000;

export type ClaimState = "probing" | "announcing" | "established";

/** How far a name is claimed on one interface. */
export interface Claim {
  owner: Owner;
  state: ClaimState;
  /** Probes, or announcements. */
  sent: number;
  nextMs: number;
}

/** The names claimed on one interface: asked for, then announced, then established. */
export class Claims {
  readonly #claims = new Map<string, Claim>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { nextMs } of this.#claims.values()) if (nextMs < dueMs) dueMs = nextMs;
    return dueMs;
  }

  get(key: string): Claim | undefined {
    return this.#claims.get(key);
  }

  /** Whether records that depend on a name may be published. */
  isReady(key: string): boolean {
    const claim = this.#claims.get(key);
    return claim !== undefined && claim.state !== "probing";
  }

  count(state: ClaimState): number {
    let count = 0;
    for (const claim of this.#claims.values()) if (claim.state === state) count += 1;
    return count;
  }

  /** Claims the names of a zone: new ones from the start, changed ones by announcing them again. */
  replace(before: Zone, zone: Zone, nowMs: number, delayMs: number): void {
    // One moment for all: their probes are sent together.
    const probeMs = nowMs + delayMs + this.#random() * PROBE_MS;
    for (const key of this.#claims.keys()) if (!zone.owners.get(key)?.isClaimed) this.#claims.delete(key);
    for (const owner of zone.owners.values()) {
      if (!owner.isClaimed) continue;
      const claim = this.#claims.get(owner.key);
      if (claim === undefined) this.#claims.set(owner.key, { owner, state: "probing", sent: 0, nextMs: probeMs });
      else {
        claim.owner = owner;
        if (claim.state !== "probing" && hasChanged(before, zone, owner.key)) announce(claim, nowMs);
      }
    }
  }

  /** Another machine says that it has the name: asks again (§9). */
  probeAgain(claim: Claim, nowMs: number): void {
    this.#startAt(claim, nowMs + this.#random() * PROBE_MS);
  }

  /** Another machine that probes for the same name goes first. */
  yieldTo(claim: Claim, nowMs: number): void {
    this.#startAt(claim, nowMs + LOST_MS);
  }

  #startAt(claim: Claim, ms: number): void {
    claim.state = "probing";
    claim.sent = 0;
    claim.nextMs = ms;
  }

  /** Returns the names to probe for now. */
  takeProbes(nowMs: number): Owner[] {
    const due: Owner[] = [];
    for (const claim of this.#claims.values()) {
      if (claim.state !== "probing" || claim.nextMs > nowMs) continue;
      if (claim.sent === PROBES) {
        announce(claim, nowMs);
        continue;
      }
      claim.sent += 1;
      claim.nextMs = nowMs + PROBE_MS;
      due.push(claim.owner);
    }
    return due;
  }

  /** Returns the keys of the names to announce now. */
  takeAnnouncements(nowMs: number): string[] {
    const due: string[] = [];
    for (const claim of this.#claims.values()) {
      if (claim.state !== "announcing" || claim.nextMs > nowMs) continue;
      claim.sent += 1;
      due.push(claim.owner.key);
      if (claim.sent < ANNOUNCEMENTS) claim.nextMs = nowMs + ANNOUNCE_MS;
      else {
        claim.state = "established";
        claim.nextMs = Number.POSITIVE_INFINITY;
      }
    }
    return due;
  }
}

function announce(claim: Claim, nowMs: number): void {
  claim.state = "announcing";
  claim.sent = 0;
  claim.nextMs = nowMs;
}

function hasChanged(before: Zone, zone: Zone, key: string): boolean {
  const [was, is] = [before, zone].map(({ byClaim }) => byClaim.get(key) ?? []);
  return was!.length !== is!.length || is!.some((record) => !before.records.has(record.key));
}
