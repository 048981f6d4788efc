import { sourceUrl } from "../../base/mod.ts";
import type { ToWorker } from "./worker-messages.ts";

/** A thread that is not used by then has been started for nothing. */
const UNUSED_MS = 30_000;

/**
 * A thread that has begun to load a module of datagrams before its socket is open: a start that reads files meanwhile has it ready sooner. The
 * first worker of `listenUdp` that gets it uses it; unused, it ends by itself.
 */
export class UdpThread {
  #thread: Worker | undefined = new Worker(sourceUrl("net/udp/worker-program.ts"));
  readonly #timer = setTimeout(() => this.take()?.terminate(), UNUSED_MS);

  constructor(module: URL) {
    this.#timer.unref();
    this.#thread?.postMessage({ load: module.href } satisfies ToWorker);
  }

  /** @returns the thread, once; then it is the caller's */
  take(): Worker | undefined {
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#timer);
    return thread;
  }

  /** Ends it, if nobody has taken it. */
  stop(): void {
    this.take()?.terminate();
  }
}
