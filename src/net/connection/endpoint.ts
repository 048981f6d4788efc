import type { Bandwidth } from "../bandwidth/mod.ts";
import type { Topics } from "../publish/mod.ts";
import type { LimitSettings, SocketSettings } from "../settings.ts";
import type { Connection, Handler } from "../types.ts";
import type { TcpConnection } from "./connection.ts";
import type { Deadlines } from "./deadlines.ts";

/** What all connections of one listener (or dialer) on one event loop have in common. */
export interface Endpoint<Data> {
  /** Which side of TLS its connections are. */
  readonly side: "server" | "client";
  /** Whom its connections were to reach: whose certificate STARTTLS must see, also behind a proxy. */
  readonly targetHost?: string | undefined;
  readonly handler: Handler<Data>;
  readonly counts: Float64Array;
  readonly deadlines: Deadlines;
  readonly socket: SocketSettings;
  readonly limits: LimitSettings;
  readonly bandwidth: Bandwidth;
  /** Undefined where nothing can be published: on the connecting side. */
  readonly topics: Topics<TcpConnection<Data>> | undefined;
  nextId(): number;
  /** To all subscribers on all event loops but `except`. `message` is never changed again. */
  publish(topic: string, message: Uint8Array, except: TcpConnection<Data>): void;
  /** Called once for each connection, before its handler's `close`, which then reads counts that add up. */
  left(connection: Connection<Data>): void;
}
