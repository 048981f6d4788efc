import { durationSetting, limitSettings } from "./settings.ts";
import type { ServerTlsOptions } from "./tls/mod.ts";
import type { Handler, Limits } from "./types.ts";

/** What of a server may change while it runs: all that is given changes in one step, or nothing does. */
export interface ServerChange {
  /** For connections to come; open ones keep theirs. Several event loops take the address of a module only. */
  readonly handler?: Handler | URL;
  /**
   * A module given as `handler` is made of these. Without one they go to the handler in force, by its `configure`.
   */
  readonly handlerOptions?: unknown;
  /** For handshakes to come. Files are read when the change is prepared. */
  readonly tls?: ServerTlsOptions;
  readonly limits?: Limits;
}

/** A change that every event loop has agreed to. The first call decides, another one does nothing. */
export interface PreparedChange {
  /** Makes it so on every event loop. Cannot fail. */
  commit(): Promise<void>;
  /** Forgets it; nothing has changed. */
  drop(): Promise<void>;
}

/** A change as it travels to an event loop: between threads a handler is its module's address. */
export interface LoopChange {
  readonly handler?: Handler | string;
  readonly handlerOptions?: unknown;
  readonly tls?: ServerTlsOptions;
}

/** An event loop that has not agreed after so long is held up, or its handler never finishes loading. */
export const PREPARE_MS = 30_000;

/** Where the options are `undefined` they were given all the same. */
export function hasHandlerOptions(change: { readonly handlerOptions?: unknown }): boolean {
  return Object.hasOwn(change, "handlerOptions");
}

/** What carries a change out. */
export interface Changing {
  prepare(change: LoopChange, withinMs: number): Promise<PreparedChange>;
  update(limits: Limits): void;
}

/** The changes of one server, one after the other: the next is prepared when the one before was committed or dropped. */
export class ServerChanges {
  readonly #changing: Changing;
  #turn: Promise<void> = Promise.resolve();

  constructor(changing: Changing) {
    this.#changing = changing;
  }

  /** @throws {TenkError} why the first event loop that refuses does; nothing has changed then */
  async prepare({ limits: given, ...change }: ServerChange, withinMs = PREPARE_MS): Promise<PreparedChange> {
    const timeoutMs = durationSetting("withinMs", withinMs);
    // What was checked is what is committed, whatever its owner writes into it meanwhile.
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
