/** What is waited for, and given up when too many are. */
interface Waiting {
  giveUp(): void;
}

const LEAST = 256;

/**
 * Connections that carry no more requests, and that their server should close. A server that says `Connection: close` and leaves it
 * at that must not use up our descriptors: of so many as a run has connections, the oldest is closed for each that comes.
 */
export class Lingering {
  readonly #ring: (Waiting | undefined)[];
  #next = 0;

  /** @param connections of the event loop */
  constructor(connections: number) {
    this.#ring = new Array<Waiting | undefined>(Math.max(LEAST, connections)).fill(undefined);
  }

  add(connection: Waiting): void {
    this.#ring[this.#next]?.giveUp();
    this.#ring[this.#next] = connection;
    this.#next = (this.#next + 1) % this.#ring.length;
  }
}
