import type { WebSocketConnection } from "./connection.ts";

/** Content of our pings: when they were sent. */
export const PING_BYTES = 8;
const TICK_MS = 10;

const payload = new Uint8Array(PING_BYTES);
const view = new DataView(payload.buffer);

/** Returns when the ping of this pong was sent, on the clock of `performance.now()`. Any eight bytes are some number. */
export function readPing(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < PING_BYTES; index++) payload[index] = bytes[at + index]!;
  return view.getFloat64(0);
}

/** Pings open connections in turn, each so often a second. */
export class Pinger {
  readonly #perSecond: number;
  readonly #connections: WebSocketConnection[] = [];
  #turn = 0;
  #due = 0;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param perSecond on each connection */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  add(connection: WebSocketConnection): void {
    connection.pingPlace = this.#connections.length;
    this.#connections.push(connection);
    if (this.#timer !== undefined) return;
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  remove(connection: WebSocketConnection): void {
    const place = connection.pingPlace;
    const last = this.#connections.pop()!;
    if (last !== connection) {
      this.#connections[place] = last;
      last.pingPlace = place;
    }
    connection.pingPlace = -1;
    if (this.#connections.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const nowMs = performance.now();
    const { length } = this.#connections;
    const due = this.#due + ((nowMs - this.#lastMs) * this.#perSecond * length) / 1000;
    this.#lastMs = nowMs;
    let whole = Math.floor(due);
    this.#due = due - whole;
    for (; whole > 0 && this.#connections.length > 0; whole--) {
      this.#turn = this.#turn + 1 < this.#connections.length ? this.#turn + 1 : 0;
      view.setFloat64(0, performance.now());
      this.#connections[this.#turn]!.sendPing(payload);
    }
  }
}
