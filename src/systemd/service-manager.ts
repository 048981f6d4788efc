import { type Log, logOf, occasionally } from "../base/mod.ts";
import { monotonicUs, silentThreads } from "../net/mod.ts";
import { NotifySocket, watchdogMs } from "./notify-socket.ts";
import { Watchdog } from "./watchdog.ts";

/** A stop is given more time as long as the event loop turns, but not longer than this. */
const MAX_STOP_MS = 15 * 60_000;
const EXTEND_EVERY_MS = 5000;
/** systemd kills a service that asks for no more time within it. */
const EXTEND_BY_US = 3 * EXTEND_EVERY_MS * 1000;
const LOG_EVERY_MS = 60_000;
/** systemd cuts no status off, but `systemctl status` shows it on one line. */
const MAX_STATUS = 400;

export interface ServiceManagerOptions {
  /** @default {process.env} */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log?: Log;
  /** The process took over from another one, whose environment it has. */
  readonly isSuccessor?: boolean;
  /** Returns what does not answer in time. @default {threads of listeners} */
  readonly silent?: (withinMs: number) => Promise<readonly string[]>;
}

/**
 * Tells the service manager (systemd, or another that sets `NOTIFY_SOCKET`) what becomes of this process. Without one, nothing happens.
 *
 * ```text
 *   ready ─► WATCHDOG=1 … ─► reloading ─► ready ─► stopping ─► EXTEND_TIMEOUT_USEC … ─► exit
 *                                           └────► handOver: another process is the service from now on
 * ```
 */
export class ServiceManager {
  readonly #socket: NotifySocket | undefined;
  readonly #options: ServiceManagerOptions;
  readonly #log: Log;
  #watchdog: Watchdog | undefined;
  #extending: ReturnType<typeof setInterval> | undefined;
  #isHandedOver = false;

  constructor(options: ServiceManagerOptions = {}) {
    const { environment = process.env, log = logOf("systemd") } = options;
    this.#options = options;
    this.#log = log;
    const failed = occasionally<string>((count, problem) => {
      log.warn("service manager cannot be notified", { problem, count });
    }, LOG_EVERY_MS);
    this.#socket = NotifySocket.of(environment, failed);
  }

  /** Whether there is one. */
  get isThere(): boolean {
    return this.#socket !== undefined;
  }

  /** Everything listens; also after a reload. @param status in one line */
  ready(status: string): void {
    if (this.#socket === undefined || this.#isHandedOver) return;
    // The process that was the service before may have started this one.
    const main = this.#options.isSuccessor ? { MAINPID: process.pid } : {};
    this.#socket.send({ ...main, READY: 1, STATUS: cut(status) });
    this.#watch();
  }

  /** A reload begins. `ready` ends it, also where it failed. */
  reloading(): void {
    if (!this.#isHandedOver) this.#socket?.send({ RELOADING: 1, MONOTONIC_USEC: monotonicUs(), STATUS: "Reloading" });
  }

  /** A stop begins. */
  stopping(): void {
    if (this.#socket === undefined || this.#isHandedOver) return;
    this.#socket.send({ STOPPING: 1, STATUS: "Stopping: connections finish", EXTEND_TIMEOUT_USEC: EXTEND_BY_US });
    let leftMs = MAX_STOP_MS;
    this.#extending = setInterval(() => {
      leftMs -= EXTEND_EVERY_MS;
      if (leftMs <= 0) return clearInterval(this.#extending);
      this.#socket?.send({ EXTEND_TIMEOUT_USEC: EXTEND_BY_US });
    }, EXTEND_EVERY_MS);
    this.#extending.unref();
  }

  /** Another process is the service from now on, and gives the signs of life; this one may end without being missed. */
  handOver(pid: number): void {
    this.#socket?.send({ MAINPID: pid });
    this.#isHandedOver = true;
    this.#watchdog?.stop();
    this.#watchdog = undefined;
  }

  /** The other process has failed. @param status as of `ready` */
  takeBack(status: string): void {
    this.#isHandedOver = false;
    this.#socket?.send({ MAINPID: process.pid });
    this.ready(status);
  }

  close(): void {
    this.#watchdog?.stop();
    clearInterval(this.#extending);
    this.#socket?.close();
  }

  #watch(): void {
    const { environment = process.env, isSuccessor = false, silent = silentThreads } = this.#options;
    const timeoutMs = watchdogMs(environment, isSuccessor);
    if (timeoutMs === undefined || this.#watchdog !== undefined) return;
    const alive = () => this.#socket?.send({ WATCHDOG: 1 });
    this.#watchdog = new Watchdog({ timeoutMs, silent, alive, log: this.#log });
  }
}

function cut(status: string): string {
  return status.length <= MAX_STATUS ? status : `${status.slice(0, MAX_STATUS - 1)}…`;
}
