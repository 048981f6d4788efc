/** Ports for what must know its port before it listens, as programs do that take it from a file or from their arguments. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Many more than all tests and benchmarks ask for at a time. */
const COUNT = 6000;
const FIRST = firstEphemeral() - COUNT;

/**
 * Hands out ports at which nothing listens, none twice.
 *
 * They are below the kernel's ephemeral range: no listener on port 0 and no outgoing connection takes one before it is used.
 * Processes that run side by side do not hand out the same one: an abstract Unix socket reserves it, and is gone with the process.
 */
export class FreePorts {
  #next: number;
  readonly #reservations: unknown[] = [];

  /** @param start where to begin; by default processes begin at different places */
  constructor(start = process.pid * 251) {
    this.#next = start;
  }

  async take(): Promise<number> {
    for (let tries = 0; tries < COUNT; tries++) {
      const port = FIRST + (this.#next++ % COUNT);
      if (this.#reserve(port) && (await canListen(port))) return port;
    }
    throw new Error(`None of the ports ${FIRST}-${FIRST + COUNT - 1} is free: end the processes that listen there`);
  }

  #reserve(port: number): boolean {
    try {
      const reservation = Bun.listen({ unix: `\0tenk-free-port-${port}`, socket: { data() {} } });
      reservation.unref();
      this.#reservations.push(reservation);
      return true;
    } catch {
      return false;
    }
  }
}

const ports = new FreePorts();

/** Returns a port at which nothing listens; see `FreePorts`. */
export function freePort(): Promise<number> {
  return ports.take();
}

function firstEphemeral(): number {
  const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1");
  const first = Number.parseInt(range, 10);
  // Where the range leaves no room, its usual start is as good as any.
  return first > COUNT + 1024 ? first : 32_768;
}

/** Whether nothing listens there, at any address of this machine. */
function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
