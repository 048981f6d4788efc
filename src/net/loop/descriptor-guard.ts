import { descriptorLimit, lowestFreeDescriptor } from "../ffi.ts";

/**
 * Descriptors kept free for everything that is not a connection: files, the metrics endpoint, new event loops.
 * The kernel gives out the lowest free number, so an accepted socket whose number lies in the reserve shows that the table
 * is nearly full, without counting and without a system call.
 */
export function highestUsableDescriptor(): number {
  const limit = descriptorLimit();
  return limit - Math.min(64, Math.max(16, Math.floor(limit / 20)));
}

const LOOK_EVERY_MS = 250;

/**
 * Watches for the shortage that the reserve cannot prevent: other code of the process has used up every descriptor. Accept then
 * fails with EMFILE and the runtime retries it without pause (94 % of a core, oven-sh/bun#32705). So the listener is
 * closed until descriptors are free again; open connections go on. Costs two system calls every 250 ms.
 */
export class DescriptorGuard {
  #suspended = false;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param resume returns whether it worked; if not, it is tried again */
  constructor(suspend: () => void, resume: () => boolean) {
    this.#timer = setInterval(() => {
      const lowestFree = lowestFreeDescriptor();
      if (!this.#suspended && lowestFree < 0) {
        this.#suspended = true;
        suspend();
      } else if (this.#suspended && lowestFree >= 0 && lowestFree < highestUsableDescriptor()) {
        this.#suspended = !resume();
      }
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
