import { startPaused, takeHandedOn } from "../../net/mod.ts";
import { VERSION } from "../version.ts";
import { FIRST_DESCRIPTOR, type FromSuccessor, type Go, UPGRADE_VARIABLE } from "./messages.ts";
import { upgradeFailed } from "./successor.ts";

/** The old process, as the new one sees it. */
export class Predecessor {
  readonly #go = Promise.withResolvers<Go>();

  private constructor() {
    process.on("message", (message) => {
      if ((message as { kind?: unknown } | null)?.kind === "go") this.#go.resolve(message as Go);
    });
    process.once("disconnect", () => this.#go.reject(upgradeFailed("the process before has ended")));
    // Nobody may be waiting yet.
    this.#go.promise.catch(() => undefined);
  }

  /**
   * Returns the process that this one is to replace; undefined where it was started by anybody else. Takes its sockets: what listens
   * from now on has them, and accepts nothing before `resumeAccepting`. Removes the variable, which is not for programs that this one
   * starts.
   */
  static find(environment: NodeJS.ProcessEnv = process.env): Predecessor | undefined {
    const sockets = environment[UPGRADE_VARIABLE];
    delete environment[UPGRADE_VARIABLE];
    if (sockets === undefined || process.send === undefined) return undefined;
    takeHandedOn(sockets, FIRST_DESCRIPTOR);
    startPaused();
    return new Predecessor();
  }

  /**
   * Says that everything listens, and waits until this process may accept.
   *
   * @throws {TenkError} `upgrade-failed` where the other process has ended
   */
  ready(): Promise<Go> {
    this.#say({ kind: "ready", version: VERSION });
    return this.#go.promise;
  }

  /** Says that this process accepts and is healthy. The other one has nothing more to say. */
  serving(): void {
    this.#say({ kind: "serving" });
    process.removeAllListeners("message");
    // The channel would keep this process from ending.
    process.channel?.unref?.();
  }

  failed(reason: string): void {
    this.#say({ kind: "failed", reason });
  }

  #say(message: FromSuccessor): void {
    if (process.connected) process.send?.(message);
  }
}
