import { logHandlerFailed } from "../../net/mod.ts";

/** Checks that wait, at most: with one of 50 ms after the other, as long as a person waits. */
const MAX_WAITING = 32;

/**
 * Runs password checks one after the other: each takes 64 MiB and a processor. One for all services of an event loop, so that a
 * flood of logins leaves memory and processor to others.
 */
export class CheckQueue {
  readonly #waiting: (() => Promise<void>)[] = [];
  #isRunning = false;

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  add(check: () => Promise<void>): void {
    this.#waiting.push(check);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let check = this.#waiting.shift(); check !== undefined; check = this.#waiting.shift()) {
      await check().catch(logHandlerFailed);
    }
    this.#isRunning = false;
  }
}
