import type { Connection } from "../types.ts";
import type { TcpConnection } from "./connection.ts";

/** Observes the bytes of a connection; they are borrowed, as everywhere. */
export interface ConnectionTap {
  /** One read: after TLS, before framing, whoever handles it. */
  received(bytes: Uint8Array): void;
  /** What one `write` took, or one published message handed to it; later bytes may leave the kernel at any time. */
  sent(bytes: Uint8Array): void;
}

const encoder = new TextEncoder();

/**
 * Shows `tap` everything that goes through `connection` from now on. It is put into this one object: other connections do
 * not even ask whether somebody looks. Not seen is what the runtime says by itself: TLS handshakes, a PROXY header.
 */
export function tapConnection<Data>(connection: Connection<Data>, tap: ConnectionTap): void {
  const tapped = connection as TcpConnection<Data>;
  const { received, write, deliver } = tapped;
  tapped.received = (bytes) => {
    tap.received(bytes);
    received.call(tapped, bytes);
  };
  tapped.write = (given) => {
    const bytes = typeof given === "string" ? encoder.encode(given) : given;
    const taken = write.call(tapped, bytes);
    if (taken > 0) tap.sent(bytes);
    return taken;
  };
  tapped.deliver = (message) => {
    tap.sent(message);
    deliver.call(tapped, message);
  };
}
