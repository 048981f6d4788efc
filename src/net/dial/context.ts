import { Bandwidth, boundOf, kernelBytesOf } from "../bandwidth/mod.ts";
import { type ConnectionContext, Deadlines, PLAIN, SECURED, TcpConnection } from "../connection/mod.ts";
import { Count, CountRows, type ListenerCounts } from "../counts.ts";
import { type LimitSettings, limitSettings, type SocketSettings, socketSettings } from "../settings.ts";
import type { RawSocket } from "../socket-events.ts";
import type { Connection, Handler } from "../types.ts";
import type { ConnectOptions } from "./options.ts";

/** The context of all connections of one dialer. */
export class DialContext<Data> implements ConnectionContext<Data> {
  readonly side = "client";
  readonly topics = undefined;
  readonly targetHost: string | undefined;
  readonly handler: Handler<Data>;
  readonly deadlines = new Deadlines();
  readonly socket: SocketSettings;
  /** For sockets that are not connected yet: later, the peer could already send more than a slow rate may leave unread. */
  readonly tuning: SocketSettings;
  readonly limits: LimitSettings;
  readonly bandwidth: Bandwidth;
  readonly counts: Float64Array;
  readonly #rows = new CountRows(1);
  readonly #left: ((connection: Connection<Data>) => void) | undefined;
  #lastId = 0;

  /**
   * @param left called for each connection that closed, before its handler's `close`
   * @throws {TenkError} `invalid-option`
   */
  constructor(options: ConnectOptions<Data>, handler: Handler<Data>, left?: (connection: Connection<Data>) => void) {
    this.handler = handler;
    this.targetHost = options.host;
    this.socket = socketSettings(options);
    this.limits = limitSettings(options.limits ?? {});
    this.tuning = {
      ...this.socket,
      receiveBufferBytes: smaller(kernelBytesOf(this.limits), this.socket.receiveBufferBytes),
    };
    this.bandwidth = new Bandwidth(boundOf(this.socket));
    this.bandwidth.update(this.limits, this.deadlines);
    this.counts = this.#rows.row(0);
    this.#left = left;
  }

  readCounts(): ListenerCounts {
    return this.#rows.read();
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Nobody subscribes on the connecting side. */
  publish(): void {}

  /**
   * Makes a connection of a socket that is ready; its handler's `open` is not called yet.
   *
   * @param address that was dialled: a peer that has reset has no name any more; "" for a Unix socket
   */
  join(socket: RawSocket, address: string, secure: boolean, data: Data | undefined): TcpConnection<Data> {
    const connection = new TcpConnection<Data>(socket, address, this, secure ? SECURED : PLAIN);
    connection.data = data as Data;
    socket.data = connection;
    const { counts } = this;
    counts[Count.accepted]! += 1;
    counts[Count.active]! += 1;
    counts[Count.peak] = Math.max(counts[Count.peak]!, counts[Count.active]!);
    return connection;
  }

  left(connection: Connection<Data>): void {
    this.counts[Count.active]! -= 1;
    this.#left?.(connection);
  }
}

/** Returns the smaller of two sizes, where 0 is no size. */
function smaller(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other);
}
