/**
 * Answers datagrams, on a thread that does nothing else and blocks between them: timers and promises never run there.
 *
 * ```text
 * // echo.ts
 * export const serve: ServeDatagrams = () => ({
 *   datagram({ bytes, from, length, out, to }) {
 *     for (let at = 0; at < length; at++) out[to + at] = bytes[from + at]!;
 *     return length;
 *   },
 * });
 * ```
 */
export interface DatagramHandler {
  /**
   * Called for each datagram: `view.bytes` from `from` on for `length` bytes, borrowed. Writes the answer into `view.out` from
   * `to` on, at most `view.room` bytes.
   *
   * @returns the answer's length; 0 = none
   */
  datagram(view: DatagramView): number;
  /** Datagrams came: `datagram` is called for each, then `batchEnds`, before the thread waits again. */
  batchBegins?(): void;
  batchEnds?(): void;
  /** A message of whoever opened the socket came. */
  message?(message: unknown): void;
}

/** A datagram that is being answered. One object, filled anew for each. */
export interface DatagramView {
  readonly bytes: Uint8Array;
  from: number;
  length: number;
  readonly out: Uint8Array;
  to: number;
  readonly room: number;
  /** Who sent it: struct sockaddr from `peerAt` on, see `peer.ts`. */
  readonly peers: Uint8Array;
  peerAt: number;
  /** Milliseconds since 1970, read once for all that came together. */
  nowMs: number;
  /**
   * Passes the datagram on to the thread that opened the socket, which may answer later.
   *
   * @param note a byte that is passed on with it @default {0}
   * @returns false where there is no room
   */
  handOver(note?: number): boolean;
}

/** What a handler is made with. */
export interface DatagramContext {
  /** Of this worker among those of the socket. */
  readonly index: number;
  /** Given to `UdpServer`'s `message`. */
  post(message: unknown): void;
}

/** What the module of a UDP socket exports as `serve`. */
export type ServeDatagrams = (start: unknown, context: DatagramContext) => DatagramHandler | Promise<DatagramHandler>;
