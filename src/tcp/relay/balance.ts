/** How a relay chooses among its targets. */
export const BALANCES = [
  "round-robin", // the one that was chosen longest ago
  "weighted", // in proportion to weights, evenly mixed (smooth weighted round-robin, as nginx does)
  "random-two-choices", // the less busy of two that chance names: nearly as even as the next, and no herd
  "least-connections", // the one with the fewest pairs for its weight
  "first", // the first of the list; the others stand by
  "source-hash", // the same client address, the same target, as long as that is there (rendezvous hashing)
] as const;

export type Balance = (typeof BALANCES)[number];

/** A target that can be chosen. */
export interface Choosable {
  readonly weight: number;
  /** Pairs that are open or being connected. */
  readonly active: number;
  readonly draining: boolean;
  /** Stays the same for the same address, whatever else is in the list. */
  readonly hash: number;
  /** Smooth weighted round-robin: what it is owed. Written by the choice alone. */
  credit: number;
  /** Which choice chose it last. Written by the choice alone. */
  chosenAt: number;
  isUsable(nowMs: number): boolean;
}

/** The client, and the targets that must not be chosen. */
export interface Question<Target> {
  readonly sourceHash: number;
  readonly nowMs: number;
  /** Targets that this client was sent to already. */
  readonly tried: readonly Target[];
}

/**
 * Chooses a target for each client. A draining target is never chosen. One that is out is chosen only when no other is left:
 * a try is better than a rejection, and a relay with one target never rejects a client because others failed.
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

  choose(targets: readonly Target[], question: Question<Target>): Target | undefined {
    const chosen = this.#among(targets, question, true) ?? this.#among(targets, question, false);
    if (chosen !== undefined) chosen.chosenAt = ++this.#choices;
    return chosen;
  }

  #among(targets: readonly Target[], question: Question<Target>, mustBeUsable: boolean): Target | undefined {
    if (this.balance === "weighted") return mostOwed(targets, question, mustBeUsable);
    if (this.balance === "random-two-choices") return this.#lessBusyOfTwo(targets, question, mustBeUsable);
    let best: Target | undefined;
    for (const target of targets) {
      if (!isEligible(target, question, mustBeUsable)) continue;
      if (best === undefined || this.#isBetter(target, best, question.sourceHash)) best = target;
    }
    return best;
  }

  #isBetter(target: Target, best: Target, sourceHash: number): boolean {
    switch (this.balance) {
      case "first":
        return false;
      case "source-hash":
        return affinity(target, sourceHash) > affinity(best, sourceHash);
      case "least-connections": {
        const difference = target.active * best.weight - best.active * target.weight;
        return difference < 0 || (difference === 0 && target.chosenAt < best.chosenAt);
      }
      default:
        return target.chosenAt < best.chosenAt;
    }
  }

  #lessBusyOfTwo(targets: readonly Target[], question: Question<Target>, mustBeUsable: boolean): Target | undefined {
    let count = 0;
    for (const target of targets) if (isEligible(target, question, mustBeUsable)) count += 1;
    if (count === 0) return undefined;
    const first = Math.floor(this.#random() * count);
    if (count === 1) return eligibleAt(targets, question, mustBeUsable, first);
    const other = Math.floor(this.#random() * (count - 1));
    const one = eligibleAt(targets, question, mustBeUsable, first)!;
    const two = eligibleAt(targets, question, mustBeUsable, other < first ? other : other + 1)!;
    return two.active * one.weight < one.active * two.weight ? two : one;
  }
}

function isEligible<Target extends Choosable>(target: Target, question: Question<Target>, mustBeUsable: boolean) {
  if (target.draining || (mustBeUsable && !target.isUsable(question.nowMs))) return false;
  return question.tried.length === 0 || !question.tried.includes(target);
}

function eligibleAt<Target extends Choosable>(
  targets: readonly Target[],
  question: Question<Target>,
  mustBeUsable: boolean,
  index: number,
): Target | undefined {
  let left = index;
  for (const target of targets) if (isEligible(target, question, mustBeUsable) && left-- === 0) return target;
  return undefined;
}

/**
 * Each target gets its weight in credit, the one with the most is chosen and pays for all: 5, 1, 1 gives A A B A C A A, never
 * A five times. Credit stays within one round; credit from weights that have changed is dropped.
 */
function mostOwed<Target extends Choosable>(
  targets: readonly Target[],
  question: Question<Target>,
  mustBeUsable: boolean,
): Target | undefined {
  let best: Target | undefined;
  let total = 0;
  for (const target of targets) if (isEligible(target, question, mustBeUsable)) total += target.weight;
  for (const target of targets) {
    if (!isEligible(target, question, mustBeUsable)) continue;
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
function affinity(target: Choosable, sourceHash: number): number {
  const drawn = (mixed(sourceHash ^ target.hash) + 0.5) / 2 ** 32;
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
