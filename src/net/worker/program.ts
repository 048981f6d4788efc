/**
 * A program that runs on a thread of the pool, such as one event loop's share of a listener. Its module exports `deploy`.
 *
 * ```text
 *   main thread                            thread of the pool
 *   deployment.start(count)                ─► deploy(startMessage, post) ─► Program
 *   instance.post(message)                 ─► program.receive(message)
 *   instance.request(message)              ─► program.handle(message), answered
 *   receive(instance, message)             ◄─ post(message)
 * ```
 */
export interface Program {
  receive(message: unknown): void;
  /** @returns the answer, or a promise of it @throws why there is none */
  handle(message: unknown): unknown;
  /** Resolves when it has ended. A second call ends it at once. */
  stop(graceMs: number): Promise<void>;
}

/** @param post sends a message to whoever deployed it */
export type Deploy = (start: unknown, post: (message: unknown) => void) => Promise<Program>;
