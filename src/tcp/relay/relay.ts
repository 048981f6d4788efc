import { logOf } from "../../base/mod.ts";
import { type Connection, Dialer, type Handler } from "../../net/mod.ts";
import { hashOf, TargetList, type TargetReport, type TargetSettings } from "../../targets/mod.ts";
import { checkByConnect } from "./check.ts";
import { type RelayOptions, type RelaySettings, relaySettings, targetListSettings } from "./options.ts";
import { Pair, type PairOwner, type RelayTargetOf } from "./pair.ts";

const log = logOf("relay");

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
  #pairs = 0;
  #withoutTarget = 0;
  readonly #targets: TargetList<Dialer<Pair>>;
  /** The handler on the target's side until the pipe takes over. */
  readonly #targetHandler: Handler<Pair> = { open: (server) => server.data.connected(server) };

  constructor(options: unknown) {
    this.settings = relaySettings(options);
    this.#targets = new TargetList(targetListSettings(this.settings), {
      log,
      makeLink: (target) => this.#dialerFor(target),
      check: (target, signal, timeoutMs) =>
        checkByConnect(target.place, this.settings.proxyHeader, { signal, timeoutMs }),
    });
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
      this.#targets.configure(targetListSettings(settings));
    };
  }

  report(): RelayReport {
    return { pairs: this.#pairs, withoutTarget: this.#withoutTarget, targets: this.#targets.report() };
  }

  stopped(): void {
    this.#targets.stop();
  }

  // ---- called by pairs ---------------------------------------------------------------------------------------------

  choose(client: Connection, tried: readonly RelayTargetOf<Pair>[]): RelayTargetOf<Pair> | undefined {
    const hash = this.settings.balance === "source-hash" ? hashOf(client.remoteAddress) : 0;
    return this.#targets.choose({ hash, nowMs: performance.now(), tried });
  }

  over(lackedTarget: boolean): void {
    this.#pairs -= 1;
    if (lackedTarget) this.#withoutTarget += 1;
  }

  #dialerFor({ place }: TargetSettings): Dialer<Pair> {
    const { connectTimeoutMs, stallMs, tls } = this.settings;
    return new Dialer<Pair>(
      { ...place, halfOpen: true, timeoutMs: connectTimeoutMs, limits: { stallMs }, tls },
      this.#targetHandler,
    );
  }
}
