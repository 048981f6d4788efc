/** A client's first bytes come right behind the connect or the handshake, unless it is busy: a twentieth of the grace, but not longer. */
const FIRST_BYTES_MS = 500;
const FIRST_BYTES_SHARE = 1 / 20;
/** A handshake takes two round trips. */
const HANDSHAKE_MS = 1000;
const HANDSHAKE_SHARE = 1 / 10;
const LOOK_MS = 5;

/** A connection that may be asked to finish. */
export interface Newcomer {
  readonly bytesRead: number;
  readonly ageMs: number;
  readonly closed: boolean;
  shutdown(graceMs: number): void;
}

/**
 * Clients that connected a moment before a stop. Their first bytes are on the way: to close now would answer these with a reset. Each is
 * asked to finish once it has been heard, or after a moment.
 */
export class Newcomers {
  readonly #graceMs: number;
  readonly #untilMs: number;
  readonly #silent = new Set<Newcomer>();
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * @param late called when handshakes in progress have had enough time
   * @param nowMs monotonic clock
   */
  constructor(graceMs: number, late: () => void, nowMs = () => performance.now()) {
    this.#graceMs = graceMs;
    this.#untilMs = nowMs() + Math.min(graceMs * HANDSHAKE_SHARE, HANDSHAKE_MS);
    this.#timer = setInterval(() => {
      this.#look();
      if (nowMs() < this.#untilMs) return;
      late();
      if (this.#silent.size === 0) this.end();
    }, LOOK_MS);
  }

  /** Asks a connection to finish, now or in a moment. */
  add(connection: Newcomer): void {
    this.#silent.add(connection);
    this.#lookAt(connection);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const connection of this.#silent) this.#lookAt(connection);
  }

  #lookAt(connection: Newcomer): void {
    const firstBytesMs = Math.min(this.#graceMs * FIRST_BYTES_SHARE, FIRST_BYTES_MS);
    const isSilent = connection.bytesRead === 0 && connection.ageMs < firstBytesMs;
    if (isSilent && !connection.closed) return;
    this.#silent.delete(connection);
    connection.shutdown(this.#graceMs);
  }
}
