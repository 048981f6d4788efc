import type { ProxyHeader } from "../../wire/mod.ts";
import type { RawSocket } from "../socket-events.ts";
import { type TlsInfo, tlsInfo } from "../tls/mod.ts";
import type { ConnectionContext } from "./context.ts";
import { CLOSED, CLOSES_WHEN_SENT, SECURE } from "./flags.ts";

/** How a connection came to be; most share one of two. */
export interface Origin {
  readonly secure: boolean;
  readonly proxy: ProxyHeader | undefined;
}

export const PLAIN: Origin = { secure: false, proxy: undefined };
export const SECURED: Origin = { secure: true, proxy: undefined };

/** What a connection is: its socket, its number, who is at its ends, and since when. */
export abstract class Identity<Data> {
  readonly id: number;
  /** Kept, not asked for: the socket forgets it when it closes, and `close` is where people log it. */
  readonly wireAddress: string;
  readonly proxy: ProxyHeader | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  protected socket: RawSocket;
  protected readonly context: ConnectionContext<Data>;
  protected flags = 0;
  /** Its place among the deadlines. */
  protected slot = 0;
  protected openedMs = 0;
  /** When bytes last came or went. */
  protected activeMs = 0;

  constructor(socket: RawSocket, wireAddress: string, context: ConnectionContext<Data>, origin: Origin) {
    this.socket = socket;
    this.context = context;
    this.id = context.nextId();
    this.wireAddress = wireAddress;
    this.proxy = origin.proxy;
    if (origin.secure) this.flags |= SECURE;
  }

  get remoteAddress(): string {
    return this.proxy?.sourceAddress || this.wireAddress;
  }
  get remotePort(): number {
    return this.proxy?.sourceAddress ? this.proxy.sourcePort : (this.socket.remotePort ?? 0);
  }
  get localAddress(): string {
    return this.proxy?.sourceAddress ? this.proxy.destinationAddress : (this.socket.localAddress ?? "");
  }
  get localPort(): number {
    return this.proxy?.sourceAddress ? this.proxy.destinationPort : (this.socket.localPort ?? 0);
  }
  get tls(): TlsInfo | undefined {
    return (this.flags & SECURE) === 0 || this.closed ? undefined : tlsInfo(this.socket);
  }
  get ageMs(): number {
    return performance.now() - this.openedMs;
  }
  get idleMs(): number {
    return Math.max(0, performance.now() - this.activeMs);
  }
  get closed(): boolean {
    return (this.flags & CLOSED) !== 0;
  }
  /** Whether one direction may end without the other. */
  protected get halfOpen(): boolean {
    return this.context.socket.halfOpen && (this.flags & CLOSES_WHEN_SENT) === 0;
  }
}
