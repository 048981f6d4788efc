import { durationSetting, limitSettings } from "./settings.ts";
import type { ServerTlsOptions } from "./tls/mod.ts";
import type { Handler, Limits } from "./types.ts";

/** The settings of a server that can change while it runs: all that are given change in one step, or none does. */
export interface ServerChange {
  /** For connections to come; open ones keep theirs. Several event loops take the address of a module only. */
  readonly handler?: Handler | URL;
  /**
   * Options for the module given as `handler`. Without one they go to the `configure` of the handler in force.
   */
  readonly handlerOptions?: unknown;
  /** For handshakes to come. Files are read when the change is prepared. */
  readonly tls?: ServerTlsOptions;
  readonly limits?: Limits;
}

/** A change that every event loop has accepted. The first call decides; a second one does nothing. */
export interface PreparedChange {
  /** Puts it in force on every event loop. Cannot fail. */
  commit(): Promise<void>;
  /** Drops it; nothing has changed. */
  drop(): Promise<void>;
}

/** A change as it is sent to an event loop: between threads a handler is its module's address. */
export interface LoopChange {
  readonly handler?: Handler | string;
  readonly handlerOptions?: unknown;
  readonly tls?: ServerTlsOptions;
}

/** How long an event loop may take to accept a change. Beyond it the loop is blocked, or its handler never finishes loading. */
export const PREPARE_MS = 30_000;

/** Returns whether options were given, even if they are `undefined`. */
export function hasHandlerOptions(change: { readonly handlerOptions?: unknown }): boolean {
  return Object.hasOwn(change, "handlerOptions");
}

/** Carries changes out. */
export interface Changing {
  prepare(change: LoopChange, withinMs: number): Promise<PreparedChange>;
  update(limits: Limits): void;
}

/** Runs the changes of one server one after the other: the next is prepared after the one before was committed or dropped. */
export class ServerChanges {
  readonly #changing: Changing;
  #turn: Promise<void> = Promise.resolve();

  constructor(changing: Changing) {
    this.#changing = changing;
  }

  /** @throws {TenkError} the reason of the first event loop that rejects it; nothing has changed then */
  async prepare({ limits: given, ...change }: ServerChange, withinMs = PREPARE_MS): Promise<PreparedChange> {
    const timeoutMs = durationSetting("withinMs", withinMs);
    // A copy, since the caller may change the object before the commit.
    const limits = given && { ...given };
    const before = this.#turn;
    let over = () => {};
    this.#turn = new Promise((resolve) => {
      over = resolve;
    });
    try {
      await before;
      if (limits !== undefined) limitSettings(limits);
      const prepared = await this.#changing.prepare(forLoops(change), timeoutMs);
      let end: Promise<void> | undefined;
      const finish = (work: () => Promise<void>) => {
        end ??= work().finally(over);
        return end;
      };
      return {
        commit: () =>
          finish(() => {
            if (limits !== undefined) this.#changing.update(limits);
            return prepared.commit();
          }),
        drop: () => finish(() => prepared.drop()),
      };
    } catch (error) {
      over();
      throw error;
    }
  }

  async make(change: ServerChange): Promise<void> {
    await (await this.prepare(change)).commit();
  }
}

function forLoops({ handler, ...rest }: ServerChange): LoopChange {
  if (handler === undefined) return rest;
  return { ...rest, handler: handler instanceof URL ? handler.href : handler };
}
