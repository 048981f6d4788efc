import { logOf, messageOf, TenkError } from "../../base/mod.ts";
import { hasHandlerOptions, type LoopChange } from "../change.ts";
import { loadHandler } from "../module/mod.ts";
import type { Configured } from "../types.ts";
import type { LoopListener } from "./listener.ts";

const log = logOf("net");

/** What is left to do for a change when all that can fail is done. */
interface Step {
  commit(): void;
  drop(): void;
}

/** One event loop's part in changes of its server: `prepare` does all that can fail and changes nothing, `commit` or `drop` ends it. */
export class LoopChanges {
  readonly #listener: LoopListener<unknown>;
  readonly #steps = new Map<number, Promise<Step>>();

  constructor(listener: LoopListener<unknown>) {
    this.#listener = listener;
  }

  /** @throws {TenkError} or what the handler's module, or its `configure`, throws */
  async prepare(id: number, change: LoopChange): Promise<void> {
    const step = prepared(this.#listener, change);
    this.#steps.set(id, step);
    await step;
  }

  /** @throws where it could not be prepared */
  async commit(id: number): Promise<void> {
    const step = await this.#steps.get(id);
    this.#steps.delete(id);
    if (step === undefined) throw new TenkError("invalid-option", "Cannot commit a change that was not prepared");
    step.commit();
  }

  /** Also while it is being prepared: what comes of that is let go of. */
  async drop(id: number): Promise<void> {
    const step = this.#steps.get(id);
    this.#steps.delete(id);
    // One that failed has left nothing behind.
    (await step?.catch(() => undefined))?.drop();
  }
}

async function prepared(listener: LoopListener<unknown>, change: LoopChange): Promise<Step> {
  const takeTls = change.tls === undefined ? undefined : listener.prepareTls(change.tls);
  const options = hasHandlerOptions(change) ? change.handlerOptions : listener.handlerOptions;
  if (change.handler !== undefined) {
    const handler =
      typeof change.handler === "string" ? await loadHandler<unknown>(change.handler, options) : change.handler;
    try {
      listener.letCount(handler);
    } catch (error) {
      listener.discard(handler);
      throw error;
    }
    return {
      commit() {
        takeTls?.();
        listener.handlerOptions = options;
        listener.replaceHandler(handler);
      },
      drop: () => listener.discard(handler),
    };
  }
  const takeOptions = hasHandlerOptions(change) ? await configured(listener.handler, options) : undefined;
  return {
    commit() {
      takeTls?.();
      listener.handlerOptions = options;
      takeOptions?.commit();
    },
    drop: () => takeOptions?.drop(),
  };
}

/** Has the handler accept options. Its commit and drop do not throw. */
async function configured(handler: LoopListener<unknown>["handler"], options: unknown): Promise<Step> {
  if (handler.configure === undefined) {
    throw new TenkError("invalid-option", "Cannot configure the handler: it has no configure method");
  }
  const accepted: Configured | undefined = await handler.configure(options);
  if (typeof accepted !== "function") {
    throw new TenkError("invalid-option", "Cannot configure the handler: its configure returned no function", {
      hint: "configure(options) { check(options); return () => { current = options; }; }",
    });
  }
  const guarded = (work: () => void, failure: string) => () => {
    try {
      work();
    } catch (error) {
      log.error(failure, { error: messageOf(error) });
    }
  };
  return {
    commit: guarded(() => accepted(), "handler failed to apply options that it had accepted"),
    drop: guarded(() => accepted.drop?.(), "handler failed to drop options that it had accepted"),
  };
}
