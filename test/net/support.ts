import { readdirSync, readFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";

export { freePort } from "../../bench/free-port.ts";

/**
 * Resolves when `condition` holds; fails, naming it, when it does not within `withinMs`. Its default costs nothing where all is well,
 * and is what a busy machine may need.
 */
export async function until(condition: () => boolean, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A foreign client (node:net), so that tenk is not tested with itself. */
export class Client {
  readonly socket: Socket;
  received = "";
  bytes = 0;
  ended = false;
  closed = false;
  errorCode: string | undefined;

  constructor(port: number, options: { allowHalfOpen?: boolean; host?: string; localAddress?: string } = {}) {
    this.socket = createConnection({ host: "127.0.0.1", port, ...options });
    this.socket.on("data", (chunk) => {
      this.bytes += chunk.length;
      if (this.received.length < 1e6) this.received += chunk.toString("latin1");
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code;
    });
  }

  async connected(): Promise<this> {
    await until(() => !this.socket.connecting);
    return this;
  }
}

/** Threads of this process that the runtime made as workers, as the kernel sees them. */
export function workerThreads(): number {
  return readdirSync("/proc/self/task").filter((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/comm`, "utf8").trim() === "Worker";
    } catch {
      return false; // it has ended meanwhile
    }
  }).length;
}
