/** How a relay chooses among its targets. */
export const BALANCES = [
  "round-robin", // the one that was chosen longest ago
  "weighted", // in proportion to weights, evenly mixed (smooth weighted round-robin, as nginx does)
  "random-two-choices", // the less busy of two that chance names: nearly as even as the next, and no herd
  "least-connections", // the one with the fewest pairs for its weight
  "first", // the first of the list; the others stand by
  "source-hash", // the same client address, the same target, as long as that is there (rendezvous hashing)
  "uri-hash", // the same, by path and query; HTTP only, as the next
  "header-hash", // the same, by a header's value
] as const;

export type Balance = (typeof BALANCES)[number];

/** A target that can be chosen. */
export interface Choosable {
  readonly weight: number;
  /** What it carries, what is being connected included. */
  readonly active: number;
  readonly draining: boolean;
  /** Whether it may carry one more. */
  readonly hasRoom: boolean;
  /** Stays the same for the same address, whatever else is in the list. */
  readonly hash: number;
  /** Smooth weighted round-robin: what it is owed. Written by the choice alone. */
  credit: number;
  /** Which choice chose it last. Written by the choice alone. */
  chosenAt: number;
  isUsable(nowMs: number): boolean;
}

/** For whom a target is chosen, and the targets that must not be chosen. One object may be used again and again. */
export interface Choice<Target> {
  /** `hashOf` the client's address, the URI or the header, where the balance is by hash. */
  readonly hash: number;
  readonly nowMs: number;
  /** Targets that were tried already. */
  readonly tried: readonly Target[];
}

/**
 * Chooses a target for each client. A draining or full target is never chosen. One that is out is chosen only when no other is
 * left, not even a full one: a try is better than a rejection, and a list of one target never rejects a client because
 * others failed.
 *
 * Costs one or two passes over the list, and allocates nothing.
 */
export class Balancer<Target extends Choosable> {
  balance: Balance;
  readonly #random: () => number;
  #choices = 0;

  /** @param random from 0 to below 1 */
  constructor(balance: Balance, random: () => number) {
    this.balance = balance;
    this.#random = random;
  }

  choose(targets: readonly Target[], choice: Choice<Target>): Target | undefined {
    let chosen = this.#among(targets, choice, true);
    if (chosen === undefined && !isFull(targets, choice)) chosen = this.#among(targets, choice, false);
    if (chosen !== undefined) chosen.chosenAt = ++this.#choices;
    return chosen;
  }

  #among(targets: readonly Target[], choice: Choice<Target>, mustBeUsable: boolean): Target | undefined {
    if (this.balance === "weighted") return mostOwed(targets, choice, mustBeUsable);
    if (this.balance === "random-two-choices") return this.#lessBusyOfTwo(targets, choice, mustBeUsable);
    let best: Target | undefined;
    for (const target of targets) {
      if (!isEligible(target, choice, mustBeUsable)) continue;
      if (best === undefined || this.#isBetter(target, best, choice.hash)) best = target;
    }
    return best;
  }

  #isBetter(target: Target, best: Target, hash: number): boolean {
    switch (this.balance) {
      case "first":
        return false;
      case "source-hash":
      case "uri-hash":
      case "header-hash":
        return affinity(target, hash) > affinity(best, hash);
      case "least-connections": {
        const difference = target.active * best.weight - best.active * target.weight;
        return difference < 0 || (difference === 0 && target.chosenAt < best.chosenAt);
      }
      default:
        return target.chosenAt < best.chosenAt;
    }
  }

  #lessBusyOfTwo(targets: readonly Target[], choice: Choice<Target>, mustBeUsable: boolean): Target | undefined {
    let count = 0;
    for (const target of targets) if (isEligible(target, choice, mustBeUsable)) count += 1;
    if (count === 0) return undefined;
    const first = Math.floor(this.#random() * count);
    if (count === 1) return eligibleAt(targets, choice, mustBeUsable, first);
    const other = Math.floor(this.#random() * (count - 1));
    const one = eligibleAt(targets, choice, mustBeUsable, first)!;
    const two = eligibleAt(targets, choice, mustBeUsable, other < first ? other : other + 1)!;
    return two.active * one.weight < one.active * two.weight ? two : one;
  }
}

/** Whether there are targets to choose that are up, but each carries as much as it may. */
export function isFull<Target extends Choosable>(targets: readonly Target[], choice: Choice<Target>): boolean {
  let isSomeUp = false;
  for (const target of targets) {
    if (target.draining || !target.isUsable(choice.nowMs) || choice.tried.includes(target)) continue;
    if (target.hasRoom) return false;
    isSomeUp = true;
  }
  return isSomeUp;
}

function isEligible<Target extends Choosable>(target: Target, choice: Choice<Target>, mustBeUsable: boolean) {
  if (target.draining || !target.hasRoom || (mustBeUsable && !target.isUsable(choice.nowMs))) return false;
  return choice.tried.length === 0 || !choice.tried.includes(target);
}

function eligibleAt<Target extends Choosable>(
  targets: readonly Target[],
  choice: Choice<Target>,
  mustBeUsable: boolean,
  index: number,
): Target | undefined {
  let left = index;
  for (const target of targets) if (isEligible(target, choice, mustBeUsable) && left-- === 0) return target;
  return undefined;
}

/**
 * Each target gets its weight in credit, the one with the most is chosen and pays for all: 5, 1, 1 gives A A B A C A A, never
 * A five times. Credit stays within one round; credit from weights that have changed is dropped.
 */
function mostOwed<Target extends Choosable>(
  targets: readonly Target[],
  choice: Choice<Target>,
  mustBeUsable: boolean,
): Target | undefined {
  let best: Target | undefined;
  let total = 0;
  for (const target of targets) if (isEligible(target, choice, mustBeUsable)) total += target.weight;
  for (const target of targets) {
    if (!isEligible(target, choice, mustBeUsable)) continue;
    target.credit = Math.min(total, Math.max(-total, target.credit)) + target.weight;
    if (best === undefined || target.credit > best.credit) best = target;
  }
  if (best !== undefined) best.credit -= total;
  return best;
}

/**
 * Weighted rendezvous: each target draws a number from the client's hash and its own, the highest wins. Taking a target away
 * moves only its own clients; a weight of two draws twice the clients.
 */
function affinity(target: Choosable, hash: number): number {
  const drawn = (mixed(hash ^ target.hash) + 0.5) / 2 ** 32;
  return -target.weight / Math.log(drawn);
}

/** MurmurHash3's finalizer: every bit of the input changes half of the output's. */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Hashes a text, with the same result on every event loop and after every start (FNV-1a, 32 bits, mixed). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mixed(hash);
}

/** Hashes bytes as `hashOf` hashes the text of the same characters (Latin-1). Decodes nothing. */
export function hashOfBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < to; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  return mixed(hash);
}
