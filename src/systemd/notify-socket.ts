import { messageOf } from "../base/mod.ts";
import { LocalDatagrams } from "../net/mod.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a service manager hears what becomes of its service (sd_notify(3)). */
export class NotifySocket {
  readonly #datagrams: LocalDatagrams;
  readonly #onFailed: (problem: string) => void;

  private constructor(path: string, onFailed: (problem: string) => void) {
    this.#datagrams = new LocalDatagrams(path);
    this.#onFailed = onFailed;
  }

  /**
   * Returns the socket that `NOTIFY_SOCKET` names; undefined where there is none.
   *
   * @param onFailed called with the reason each time that a message could not be sent
   */
  static of({ NOTIFY_SOCKET: name = "" }: Environment, onFailed: (problem: string) => void): NotifySocket | undefined {
    if (name === "") return undefined;
    if (!/^[/@]./.test(name)) {
      onFailed(`cannot use NOTIFY_SOCKET=${name}: expected a path or @name`);
      return undefined;
    }
    return new NotifySocket(name.replace(/^@/, "\0"), onFailed);
  }

  /** Sends assignments in one message; a value becomes one line. */
  send(assignments: Readonly<Record<string, string | number>>): void {
    const lines = Object.entries(assignments).map(
      ([name, value]) => `${name}=${`${value}`.replace(/\s*\n\s*/g, "; ")}`,
    );
    try {
      this.#datagrams.send(new TextEncoder().encode(`${lines.join("\n")}\n`));
    } catch (error) {
      this.#onFailed(messageOf(error));
    }
  }

  close(): void {
    this.#datagrams.close();
  }
}

/**
 * Returns within how many milliseconds the service manager wants a sign of life; undefined where it wants none, or from another process.
 *
 * @param isSuccessor the process took over from the one that `WATCHDOG_PID` names
 */
export function watchdogMs(
  { WATCHDOG_USEC: interval, WATCHDOG_PID: pid }: Environment,
  isSuccessor = false,
): number | undefined {
  const ms = Number(interval) / 1000;
  if (!Number.isFinite(ms) || ms <= 0) return undefined;
  return pid === undefined || pid === "" || isSuccessor || Number(pid) === process.pid ? ms : undefined;
}
