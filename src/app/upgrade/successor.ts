import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { messageOf, TenkError } from "../../base/mod.ts";
import type { HandedOn } from "../../net/mod.ts";
import { type FromSuccessor, type Go, UPGRADE_VARIABLE } from "./messages.ts";

const MAX_REASON = 500;

/** The new process, as the old one sees it: started with the sockets, it says how far it is. */
export class Successor {
  readonly #child: ChildProcess;
  readonly #said: FromSuccessor[] = [];
  /** How it ended; undefined while it runs. */
  #end: string | undefined;
  #changed: () => void = () => undefined;
  readonly #ended: Promise<void>;

  /** @param handed sockets that it inherits */
  constructor([program, ...args]: readonly [string, ...string[]], handed: Pick<HandedOn, "sockets" | "summary">) {
    const descriptors = handed.sockets.map(({ descriptor }) => descriptor);
    this.#child = spawn(program, args, {
      stdio: ["inherit", "inherit", "inherit", ...descriptors, "ipc"],
      env: { ...process.env, [UPGRADE_VARIABLE]: handed.summary },
      // Both ends need not be the same version of the runtime.
      serialization: "json",
    });
    this.#child.on("message", (message) => {
      this.#said.push(message as unknown as FromSuccessor);
      this.#changed();
    });
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#end ??= how;
        this.#changed();
        resolve();
      };
      this.#child.once("error", (error) => end(`it could not be started: ${spawnProblem(error, program)}`));
      this.#child.once("exit", (code, signal) => end(signal === null ? `it ended with code ${code}` : ending(signal)));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Version of tenk that it said to be. */
  get version(): string | undefined {
    const ready = this.#said.find(({ kind }) => kind === "ready");
    return ready?.kind === "ready" ? ready.version : undefined;
  }

  /**
   * Waits until it has said something.
   *
   * @param what for the error: `it was ready`
   * @throws {TenkError} `upgrade-failed` where it ends, fails, or says nothing in time, or `signal` aborts
   */
  async said(kind: FromSuccessor["kind"], what: string, withinMs: number, signal: AbortSignal): Promise<void> {
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      this.#changed();
    }, withinMs);
    const stop = () => this.#changed();
    signal.addEventListener("abort", stop);
    try {
      while (!this.#said.some((message) => message.kind === kind)) {
        const failed = this.#said.find((message) => message.kind === "failed");
        if (failed?.kind === "failed") throw upgradeFailed(String(failed.reason).slice(0, MAX_REASON));
        if (this.#end !== undefined) throw upgradeFailed(`${this.#end} before ${what}`);
        if (signal.aborted) throw upgradeFailed(`tenk was stopped before ${what}`);
        if (isOverdue) throw upgradeFailed(`${what.replace(" was ", " was not ")} within ${withinMs / 1000} s`);
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#changed = resolve;
        await promise;
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      this.#changed = () => undefined;
    }
  }

  send(go: Go): void {
    // Its end says more than a broken channel.
    this.#child.send(go, () => undefined);
  }

  /** Ends it; resolves when it has ended. */
  async kill(): Promise<void> {
    if (this.#end === undefined) this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Lets it go on alone: this process may end. */
  letGo(): void {
    if (this.#child.connected) this.#child.disconnect();
    this.#child.unref();
  }
}

export function upgradeFailed(reason: string): TenkError {
  return new TenkError("upgrade-failed", reason);
}

function ending(signal: NodeJS.Signals): string {
  return `it was ended by ${signal} (signal ${constants.signals[signal]})`;
}

/** The kernel's words are short: a file of another processor has a wrong format. */
function spawnProblem(error: unknown, program: string): string {
  const { code } = error as { code?: unknown };
  if (code === "ENOEXEC") return `${program} is no program for this machine`;
  if (code === "EACCES") return `${program} may not be executed`;
  if (code === "ENOENT") return `${program} does not exist`;
  return messageOf(error);
}
