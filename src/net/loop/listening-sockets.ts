import { unlinkSync } from "node:fs";
import { LISTEN_DEFAULTS } from "../defaults.ts";
import {
  AF_UNIX,
  bindSocket,
  closeDescriptor,
  portOf,
  SOCK_STREAM,
  SystemError,
  setBacklog,
  setFastOpen,
  socketOf,
  tuneSocket,
} from "../ffi.ts";
import { duplicate, isFileOfSystemd } from "../inherit/mod.ts";
import { listenError } from "../listen-error.ts";
import type { SocketSettings } from "../settings.ts";
import { unixAddress } from "../socket-address.ts";
import type { ListenOptions } from "../types.ts";
import { pastStaleFile } from "./stale-file.ts";

/** The runtime's listener; its types lack the descriptor, and the port where it may be a Unix socket. */
type RawListener = { readonly fd: number; readonly port?: number; stop(closeConnections: boolean): void };

/** How an event loop gets the sockets that it listens on. */
export interface LoopSockets {
  /** Open them with SO_REUSEPORT: other event loops have sockets of their own on the port. */
  readonly sharePort: boolean;
  /** Descriptors to listen on instead; they stay their owner's. @default {none} */
  readonly inherited?: readonly number[];
  /** Hold the sockets, and accept nothing until `resume`. @default {false} */
  readonly isPaused?: boolean;
}

/**
 * The sockets that one event loop accepts from.
 *
 * ```text
 *   open or inherited ─► accepting ◄─ pause, resume ─► held: clients wait in the kernel
 *                            └─ suspend, reopen: closed until descriptors are free
 * ```
 *
 * The runtime's listener owns its descriptor and closes it. A pause keeps another one of the same socket, and so does whoever
 * gives inherited ones: what waits for accept is then never lost.
 */
export class ListeningSockets {
  readonly port: number;
  readonly #options: ListenOptions;
  readonly #tuning: SocketSettings;
  readonly #events: object;
  readonly #sharePort: boolean;
  readonly #inherited: readonly number[];
  /** Kept over a pause. */
  #kept: number[] = [];
  #listeners: RawListener[] = [];
  #isPaused = false;
  #isHandedOn = false;

  /** @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`, `invalid-option` */
  constructor(options: ListenOptions, tuning: SocketSettings, events: object, sockets: LoopSockets) {
    this.#options = options;
    this.#tuning = tuning;
    this.#events = events;
    this.#sharePort = sockets.sharePort;
    this.#inherited = sockets.inherited ?? [];
    this.port = this.#open(options.port ?? 0);
    if (sockets.isPaused) this.pause();
  }

  /** Accepts no more, and closes what waits for accept unless another descriptor of its socket is open. */
  close(): void {
    this.suspend();
    for (const descriptor of this.#kept) closeDescriptor(descriptor);
    this.#kept = [];
    this.#removeFile();
  }

  /** Another process has them. */
  handedOn(): void {
    this.#isHandedOn = true;
  }

  suspend(): void {
    for (const listener of this.#listeners) listener.stop(false);
    this.#listeners = [];
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#inherited.length === 0 && this.#kept.length === 0)
      this.#kept = this.#listeners.map(({ fd }) => duplicate(fd));
    this.suspend();
  }

  /** @throws {TenkError} why it cannot accept again */
  resume(): void {
    this.#isPaused = false;
    this.reopen();
  }

  /** After `suspend`. @throws {TenkError} why it cannot accept again */
  reopen(): void {
    if (!this.#isPaused && this.#listeners.length === 0) this.#open(this.port);
  }

  /** @returns the port */
  #open(port: number): number {
    const { path } = this.#options;
    const descriptors = this.#inherited.length > 0 ? this.#inherited : this.#kept;
    try {
      if (descriptors.length > 0) for (const each of descriptors) this.#listen({ fd: duplicate(each) });
      else if (path !== undefined) this.#listen({ fd: pastStaleFile(path, this.#tuning, () => boundUnix(path)) });
      else this.#listen(this.#internet(port));
      if (path !== undefined) return 0;
      return this.#listeners[0]!.port ?? portOf(this.#listeners[0]!.fd);
    } catch (error) {
      for (const listener of this.#listeners) listener.stop(true);
      this.#listeners = [];
      throw listenError(error, this.#options);
    }
  }

  #internet(port: number): object {
    // `reusePort` is missing in the runtime's types, not in the runtime.
    return { hostname: this.#options.host ?? "0.0.0.0", port, ...(this.#sharePort && { reusePort: true }) };
  }

  #listen(address: object): void {
    const { path, fastOpen, backlog = LISTEN_DEFAULTS.backlog } = this.#options;
    const { fd } = address as { fd?: number };
    // The runtime polls a descriptor that it is given, and leaves `listen` to us.
    if (fd !== undefined) setBacklog(fd, backlog);
    // Always half-open: the runtime would otherwise close at the peer's FIN and lose the bytes that wait in the write queue.
    const listener = Bun.listen({ socket: this.#events, allowHalfOpen: true, ...address } as never);
    this.#listeners.push(listener as unknown as RawListener);
    const descriptor = (listener as unknown as RawListener).fd;
    tuneSocket(descriptor, this.#tuning, path === undefined);
    if (fastOpen) setFastOpen(descriptor, fastOpen);
    setBacklog(descriptor, backlog);
  }

  /** The file of a Unix socket stays for whom it was handed on to, and systemd's is systemd's. */
  #removeFile(): void {
    const { path } = this.#options;
    if (path === undefined || path.startsWith("\0") || this.#isHandedOn || isFileOfSystemd(path)) return;
    try {
      unlinkSync(path);
    } catch {
      // It is gone already.
    }
  }
}

/** Not by the runtime, whose listeners remove their file when they stop: also in a pause, and after it was handed on. */
function boundUnix(path: string): number {
  const descriptor = socketOf(AF_UNIX, SOCK_STREAM, 0);
  if (descriptor < 0) throw new SystemError("socket");
  try {
    bindSocket(descriptor, unixAddress(path));
    return descriptor;
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}
