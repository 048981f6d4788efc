import type { Bandwidth } from "../bandwidth/mod.ts";
import type { Topics } from "../publish/mod.ts";
import type { LimitSettings, SocketSettings } from "../settings.ts";
import type { Connection, Handler } from "../types.ts";
import type { TcpConnection } from "./connection.ts";
import type { Deadlines } from "./deadlines.ts";

/** What all connections of one listener (or dialer) on one event loop have in common. */
export interface ConnectionContext<Data> {
  /** Which side of TLS its connections are. */
  readonly side: "server" | "client";
  /** The host that its connections were to reach, also behind a proxy: STARTTLS checks the certificate against it. */
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
  /** Sends to all subscribers on all event loops but `except`. `message` must not be changed afterwards. */
  publish(topic: string, message: Uint8Array, except: TcpConnection<Data>): void;
  /** Called once for each connection that closed, before its handler's `close`, so that the counts add up there. */
  left(connection: Connection<Data>): void;
}
