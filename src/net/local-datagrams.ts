import { constants } from "node:os";
import {
  AF_UNIX,
  closeDescriptor,
  connectDatagrams,
  datagramSocket,
  errno,
  poll,
  SystemError,
  sendBytes,
} from "./ffi.ts";
import { unixAddress } from "./socket-address.ts";

const POLLOUT = 4;
/** A receiver that reads nothing for so long gets nothing. */
const FULL_TIMEOUT_MS = 500;

/**
 * Sends datagrams to one Unix socket. The descriptor is kept, so that a process without a free one can still send.
 *
 * @param path a file, or `\0name` in the abstract space
 */
export class LocalDatagrams {
  readonly #path: string;
  #descriptor = -1;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Sends one datagram. Blocks the thread, for half a second at most, where the receiver's queue is full.
   *
   * @throws {SystemError} `ENOENT`, `ECONNREFUSED`, `EACCES`, `EAGAIN`, `EMFILE`
   */
  send(bytes: Uint8Array): void {
    try {
      this.#send(bytes);
    } catch (error) {
      this.close();
      // The receiver may have been started again, with another socket at the same path.
      if (!(error instanceof SystemError) || error.code !== "ECONNREFUSED") throw error;
      this.#send(bytes);
    }
  }

  close(): void {
    if (this.#descriptor >= 0) closeDescriptor(this.#descriptor);
    this.#descriptor = -1;
  }

  #send(bytes: Uint8Array): void {
    if (this.#descriptor < 0) {
      this.#descriptor = datagramSocket(AF_UNIX);
      connectDatagrams(this.#descriptor, unixAddress(this.#path));
    }
    try {
      sendBytes(this.#descriptor, bytes);
    } catch (error) {
      if (errno() !== constants.errno.EAGAIN) throw error;
      const entry = Int32Array.of(this.#descriptor, POLLOUT);
      poll(entry, 1, FULL_TIMEOUT_MS);
      sendBytes(this.#descriptor, bytes);
    }
  }
}
