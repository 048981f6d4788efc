import type { Connection, Handler } from "../../net/mod.ts";
import { Balancer, hashOf } from "./balance.ts";
import { Checks } from "./checks.ts";
import { type RelayOptions, type RelaySettings, relaySettings } from "./options.ts";
import { Pair, type PairOwner } from "./pair.ts";
import { Target, type TargetReport } from "./target.ts";

/** A relay's report in `server.reports()`, from one event loop. */
export interface RelayReport {
  /** Pairs that are open or being connected. */
  pairs: number;
  /** Clients that were closed for want of a target, or because of `maxPairs`. */
  withoutTarget: number;
  /** Those of the list, then those that left it and still have pairs. */
  targets: TargetReport[];
}

/**
 * A handler that carries each connection to one of several targets, both ways, with backpressure and half-close, and to the
 * next one where a connect fails. The listener needs `halfOpen: true`.
 *
 * A client that no target could be reached for is closed with `no-target`; when the target fails later, the client is reset
 * with `target`. `server.configure(options)` takes other options while pairs are open: a target that is still in the list
 * keeps what is known of it, one that left or drains keeps its pairs and gets no more.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * relay({ targets: [] }); // throws "invalid-option"
 * const handler = relay({ targets: ["127.0.0.1:5432", { address: "unix:/run/db", weight: 3 }], balance: "weighted" });
 * handler.stopped?.();
 */
export function relay(options: RelayOptions): Handler {
  return new Relay(options);
}

/** The module's handler for workers, made of `ListenOptions.handlerOptions`. */
export default function relayModule(options: unknown): Handler {
  return new Relay(options);
}

class Relay implements Handler, PairOwner {
  settings: RelaySettings;
  #targets: Target<Pair>[] = [];
  #leaving: Target<Pair>[] = [];
  #pairs = 0;
  #withoutTarget = 0;
  readonly #balancer: Balancer<Target<Pair>>;
  readonly #checks = new Checks(() => this.#targets);
  /** The handler on the target's side until the pipe takes over. */
  readonly #targetHandler: Handler<Pair> = { open: (server) => server.data.connected(server) };

  constructor(options: unknown) {
    this.settings = relaySettings(options);
    this.#balancer = new Balancer(this.settings.balance, Math.random);
    this.#setTargets();
    this.#checks.start(this.settings.health, this.settings.proxyHeader);
  }

  open(client: Connection): void {
    const { maxPairs } = this.settings;
    if (maxPairs > 0 && this.#pairs >= maxPairs) {
      this.#withoutTarget += 1;
      client.data = undefined;
      client.close("no-target");
      return;
    }
    this.#pairs += 1;
    const pair = new Pair(client, this);
    client.data = pair;
    void pair.dial();
  }

  chunk(client: Connection, bytes: Uint8Array): void {
    if (client.data instanceof Pair) client.data.keep(bytes);
  }

  end(client: Connection): void {
    if (client.data instanceof Pair) client.data.clientFinished();
  }

  shutdown(client: Connection): void {
    // A pair that is connected goes on until the grace is over; one that is not has nothing to finish.
    if (client.data instanceof Pair && client.data.isDialling) client.close("shutdown");
  }

  close(client: Connection): void {
    if (client.data instanceof Pair) client.data.clientClosed();
  }

  configure(options: unknown): () => void {
    const settings = relaySettings(options);
    return () => {
      this.settings = settings;
      this.#balancer.balance = settings.balance;
      this.#setTargets();
      this.#checks.start(settings.health, settings.proxyHeader);
    };
  }

  report(): RelayReport {
    this.#leaving = this.#leaving.filter((target) => !target.isGone);
    const targets = [...this.#targets, ...this.#leaving].map((target) => target.report());
    return { pairs: this.#pairs, withoutTarget: this.#withoutTarget, targets };
  }

  stopped(): void {
    this.#checks.stop();
  }

  // ---- called by pairs ---------------------------------------------------------------------------------------------

  choose(client: Connection, tried: readonly Target<Pair>[]): Target<Pair> | undefined {
    const { balance } = this.settings;
    const sourceHash = balance === "source-hash" ? hashOf(client.remoteAddress) : 0;
    return this.#balancer.choose(this.#targets, { sourceHash, nowMs: performance.now(), tried });
  }

  over(lackedTarget: boolean): void {
    this.#pairs -= 1;
    if (lackedTarget) this.#withoutTarget += 1;
  }

  #setTargets(): void {
    const known = new Map([...this.#leaving, ...this.#targets].map((target) => [target.address, target]));
    const before = this.#targets;
    this.#targets = this.settings.targets.map((settings) => {
      const target = known.get(settings.address);
      if (target === undefined) return new Target(settings, this.settings, this.#targetHandler);
      known.delete(settings.address);
      target.update(settings, this.settings, this.#targetHandler);
      return target;
    });
    for (const target of known.values()) target.leave();
    this.#leaving = [...known.values()].filter((target) => !target.isGone);
    for (const target of this.#targets) if (before.length > 0 && !before.includes(target)) target.added();
  }
}
