import { gathering } from "./gathering.ts";

/** The runtime's socket, as far as a connection uses it. */
export type RawSocket = Bun.Socket<SocketEvents | undefined>;

/** The events of the runtime's socket; `socket.data` holds an object that gets them. */
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

/**
 * The functions that the runtime calls for every socket; each finds the socket's owner in `socket.data`. No closure for each
 * connection is most of why a connection costs so little.
 */
export const SOCKET_EVENTS = {
  open(socket: RawSocket): void {
    socket.data?.attached?.(socket);
  },
  data(socket: RawSocket, bytes: Uint8Array): void {
    gathering.read();
    socket.data?.received(bytes);
  },
  drain(socket: RawSocket): void {
    socket.data?.writable();
  },
  end(socket: RawSocket): void {
    socket.data?.peerFinished();
  },
  close(socket: RawSocket, error?: Error): void {
    socket.data?.gone(error);
  },
  error(socket: RawSocket, error: Error): void {
    socket.data?.failed(error);
  },
  handshake(socket: RawSocket, success: boolean, error: Error | null): void {
    socket.data?.secured(success, error);
  },
};

const { data: _, ...unread } = SOCKET_EVENTS;

/**
 * Those of a listener or client with TLS. The runtime gives the plain half of such a connection a buffer with each encrypted read if
 * somebody wants it; nobody does, and without it a read costs an eighth to a third less CPU.
 */
export const UNREAD_SOCKET_EVENTS = unread;
