import type { Log } from "../base/mod.ts";
import { Balancer, type Choice, isFull } from "./balance.ts";
import { Checks, type HealthCheck } from "./checks.ts";
import { type QueuePlace, type Waiter, WaitingQueue } from "./queue.ts";
import type { TargetListSettings, TargetSettings } from "./settings.ts";
import { Stickiness } from "./sticky.ts";
import { Target, type TargetLink, type TargetOwner, type TargetReport } from "./target.ts";

/** What differs between those that use targets. */
export interface TargetListHooks<Link extends TargetLink> {
  readonly log: Log;
  makeLink(settings: TargetSettings): Link;
  /** Asks a target every `health.checkMs`. @default {none} */
  readonly check?: HealthCheck<Target<Link>>;
  /** From 0 to below 1. @default {Math.random} */
  readonly random?: () => number;
}

/**
 * The targets of one thing, on one event loop: which of them gets the next pair or exchange, and how each fares.
 *
 * ```text
 *   choose ─► target.began ─► connected / answered / failed ─► target.ended ─► who waits chooses
 *     │ none has room
 *     └─► wait ─► room: choose again; gaveUp
 * ```
 *
 * A target is known by its address. Over `configure` one that is still listed keeps its health, its counts and what it carries;
 * one that left finishes what it carries, and is reported until then.
 */
export class TargetList<Link extends TargetLink> implements TargetOwner<Link> {
  settings: TargetListSettings;
  readonly log: Log;
  readonly #hooks: TargetListHooks<Link>;
  readonly #balancer: Balancer<Target<Link>>;
  readonly #checks: Checks<Target<Link>>;
  readonly #queue: WaitingQueue;
  #stickiness: Stickiness<Target<Link>> | undefined;
  #targets: Target<Link>[] = [];
  #leaving: Target<Link>[] = [];
  #isServing = false;

  constructor(settings: TargetListSettings, hooks: TargetListHooks<Link>) {
    this.settings = settings;
    this.log = hooks.log;
    this.#hooks = hooks;
    this.#balancer = new Balancer(settings.balance, hooks.random ?? Math.random);
    this.#queue = new WaitingQueue(settings.queue);
    this.#checks = new Checks(() => this.#targets);
    this.#setTargets();
    this.#checks.start(settings.health, hooks.check);
  }

  /** Those that are listed, in the order of the settings. */
  get targets(): readonly Target<Link>[] {
    return this.#targets;
  }

  /** Who waits for room. */
  get waiting(): number {
    return this.#queue.length;
  }

  configure(settings: TargetListSettings): void {
    this.settings = settings;
    this.#balancer.balance = settings.balance;
    this.#queue.settings = settings.queue;
    this.#setTargets();
    this.#checks.start(settings.health, this.#hooks.check);
    this.hasRoom();
  }

  /** Chooses a target, which must be told `began`. @returns undefined when none is left, or all that are up are full (`isFull`) */
  choose(choice: Choice<Target<Link>>): Target<Link> | undefined {
    return this.#balancer.choose(this.#targets, choice);
  }

  /** Whether waiting may help: there is a target to choose, but it carries as much as it may. */
  isFull(choice: Choice<Target<Link>>): boolean {
    return isFull(this.#targets, choice);
  }

  /**
   * Returns the target of a client's cookie, while it is up and has room. One that drains keeps its clients.
   *
   * @param value what `stickyValue` returned, or anything that a client sends
   */
  stickyTarget(value: string, nowMs: number): Target<Link> | undefined {
    const target = this.#stickiness?.targetOf(value);
    return target?.hasRoom && target.isUsable(nowMs) ? target : undefined;
  }

  /** Returns the value of a cookie that ties a client to a target; undefined without `stickySecret`. */
  stickyValue(target: Target<Link>): string | undefined {
    return this.#stickiness?.valueOf(target);
  }

  /** @returns the waiter's place, for `leave`; undefined when too many wait */
  wait(waiter: Waiter, nowMs: number): QueuePlace | undefined {
    return this.#queue.join(waiter, nowMs);
  }

  /** Called when a waiter is gone. */
  leave(place: QueuePlace): void {
    this.#queue.leave(place);
  }

  /** Those that are listed, then those that left the list and still carry something. */
  report(): TargetReport[] {
    this.#leaving = this.#leaving.filter((target) => !target.isGone);
    return [...this.#targets, ...this.#leaving].map((target) => target.report());
  }

  /** Ends checks and turns waiters away. */
  stop(): void {
    this.#checks.stop();
    this.#queue.stop();
    for (const target of this.#targets) target.link.close?.();
  }

  // ---- called by targets -------------------------------------------------------------------------------------------

  makeLink(settings: TargetSettings): Link {
    return this.#hooks.makeLink(settings);
  }

  hasRoom(): void {
    // A waiter may end at once, which calls this again: the loop below goes on instead.
    if (this.#isServing || this.#queue.length === 0) return;
    this.#isServing = true;
    try {
      // One that waits again is behind the others, and has its turn at the next call.
      for (let left = this.#queue.length; left > 0; left--) {
        // Where all targets are out, waiting is of no use either: who waits tries one, as who comes does.
        if (this.isFull({ hash: 0, nowMs: performance.now(), tried: [] })) return;
        this.#queue.serve();
      }
    } finally {
      this.#isServing = false;
    }
  }

  #setTargets(): void {
    const known = new Map([...this.#leaving, ...this.#targets].map((target) => [target.address, target]));
    const before = this.#targets;
    this.#targets = this.settings.targets.map((settings) => {
      const target = known.get(settings.address);
      if (target === undefined) return new Target(settings, this);
      known.delete(settings.address);
      target.update(settings);
      return target;
    });
    for (const target of known.values()) target.leave();
    const { stickySecret } = this.settings;
    this.#stickiness = stickySecret === undefined ? undefined : new Stickiness(stickySecret, this.#targets);
    this.#leaving = [...known.values()].filter((target) => !target.isGone);
    for (const target of this.#targets) if (before.length > 0 && !before.includes(target)) target.added();
  }
}
