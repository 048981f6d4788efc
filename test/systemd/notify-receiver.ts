import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AF_UNIX, bindSocket, closeDescriptor, datagramSocket, receiveBytes } from "../../src/net/ffi.ts";
import { unixAddress } from "../../src/net/socket-address.ts";

/** A service manager's socket: what it was told, in order. */
export class NotifyReceiver {
  readonly folder = mkdtempSync(join(tmpdir(), "tenk-notify-"));
  /** As `NOTIFY_SOCKET` has it. */
  readonly name: string;
  readonly messages: Record<string, string>[] = [];
  #descriptor = -1;

  constructor(name?: string) {
    this.name = name ?? join(this.folder, "notify");
    this.open();
  }

  open(): void {
    this.#descriptor = datagramSocket(AF_UNIX);
    bindSocket(this.#descriptor, unixAddress(this.name.replace(/^@/, "\0")));
  }

  /** The socket ends, as when the service manager is started again. */
  close(): void {
    closeDescriptor(this.#descriptor);
    rmSync(this.name, { force: true });
  }

  /** Reads what has come; returns all messages. */
  read(): Record<string, string>[] {
    const bytes = new Uint8Array(4096);
    for (
      let length = receiveBytes(this.#descriptor, bytes);
      length > 0;
      length = receiveBytes(this.#descriptor, bytes)
    ) {
      const lines = new TextDecoder().decode(bytes.subarray(0, length)).trimEnd().split("\n");
      this.messages.push(Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))));
    }
    return this.messages;
  }

  [Symbol.dispose](): void {
    this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
