import { messageOf } from "../../base/mod.ts";
import { handOn, noteHandedOn, pauseAccepting, resumeAccepting } from "../../net/mod.ts";
import type { HandedState } from "./freeze.ts";
import { Successor, upgradeFailed } from "./successor.ts";

/** What of an instance an upgrade needs. */
export interface Replaceable {
  freeze(pause: () => void | Promise<void>): Promise<HandedState>;
  thaw(): Promise<void>;
}

export interface ReplaceOptions {
  readonly instance: Replaceable;
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** How long the new process may take to be ready. */
  readonly timeoutMs: number;
  /** How long it may take to serve, once it may. @default {10_000} */
  readonly servingMs?: number;
  /** How long what is under way (a message, a certificate) may take to end. @default {30_000} */
  readonly freezeMs?: number;
  /** Ends it: the new process is ended, and this one goes on. */
  readonly signal: AbortSignal;
  /** ms since 1970 */
  readonly startedAtMs: number;
}

export interface Replaced {
  readonly pid: number;
  readonly version: string;
}

/**
 * Starts a process with the sockets of this one, and has it take over:
 *
 * ```text
 *   this process                          the new one
 *   accepts ── spawn, sockets ──────────► starts everything, accepts nothing
 *           ◄─────────────────── ready ──
 *   freezes: writes, then accepts no more (what comes waits in the kernel)
 *           ── go, state ───────────────► reads the data folder, checks its health, accepts
 *           ◄───────────────── serving ──
 *   drains
 * ```
 *
 * Whatever goes wrong before `serving`: the new process is killed, and this one thaws and accepts again.
 *
 * @throws {TenkError} `upgrade-failed`: why; this process serves as before
 */
export async function replaceProcess(options: ReplaceOptions): Promise<Replaced> {
  const { instance, command, timeoutMs, servingMs = 10_000, freezeMs = 30_000, signal, startedAtMs } = options;
  // Kept until the end, so that nothing that waits in a queue is lost, whichever process ends.
  using handed = handOn();
  const successor = new Successor(command, handed);
  let freezing: Promise<HandedState> | undefined;
  try {
    await successor.said("ready", "it was ready", timeoutMs, signal);
    freezing = instance.freeze(pauseAccepting);
    const state = await inTime(freezing, freezeMs, signal);
    successor.send({ kind: "go", state, startedAtMs });
    await successor.said("serving", "it was serving", servingMs, signal);
    noteHandedOn();
    successor.letGo();
    return { pid: successor.pid ?? 0, version: successor.version ?? "" };
  } catch (error) {
    await successor.kill();
    if (freezing !== undefined) {
      await freezing.catch(() => undefined);
      await instance.thaw();
      await resumeAccepting();
    }
    throw error instanceof Error && error.name === "TenkError" ? error : upgradeFailed(messageOf(error));
  }
}

async function inTime<Value>(work: Promise<Value>, ms: number, signal: AbortSignal): Promise<Value> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(upgradeFailed(`what is under way did not end within ${ms / 1000} s`)), ms);
  const stop = () => reject(upgradeFailed("tenk was stopped"));
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
