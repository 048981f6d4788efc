import type { Deadlines } from "./deadlines.ts";
import type { LimitSettings, SocketSettings } from "./settings.ts";
import type { Connection, Handler } from "./types.ts";

/** The runtime's socket, as far as a connection uses it. */
export type RawSocket = Bun.Socket<SocketEvents | undefined>;

/** What the runtime's socket tells its owner; `socket.data` holds one of these. */
export interface SocketEvents {
  /** Only while connecting: the runtime has taken the descriptor over. */
  attached?(socket: RawSocket): void;
  received(bytes: Uint8Array): void;
  writable(): void;
  peerFinished(): void;
  gone(error: Error | undefined): void;
  failed(error: Error): void;
  secured(authorized: boolean, error: Error | null): void;
}

/** What all connections of one listener (or dialer) on one event loop have in common. */
export interface Endpoint<Data> {
  readonly handler: Handler<Data>;
  readonly counts: Float64Array;
  readonly deadlines: Deadlines;
  readonly socket: SocketSettings;
  readonly limits: LimitSettings;
  /** Called once for each connection, before its handler's `close`, which then reads counts that add up. */
  left(connection: Connection<Data>): void;
}
