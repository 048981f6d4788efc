import { type Connection, Dialer, type Handler, lines } from "../src/mod.ts";

const DIALS_AT_ONCE = 100;
const ZERO = 48;
const SPACE = 32;
const encoder = new TextEncoder();

/** Result of one stretch of publishing. */
export interface Stretch {
  readonly messages: number;
  /** Messages × all members but their publishers. */
  readonly expected: number;
  readonly received: number;
  /** Messages out of order, repeated or skipped: not the next one of their publisher. */
  readonly wrong: number;
  /** Time from sending a message until a subscriber had it, over all subscribers. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Median time from sending a message until the last subscriber had it. */
  readonly lastMs: number;
}

/** A subscriber's view: the next expected number of each publisher. */
type Seen = Int32Array;

/**
 * Many members of the room of examples/chat.ts, some of whom publish. Each compares the received messages with those sent:
 *
 * ```text
 *   sent  "publisher number time xxx…"      received  "id: publisher number time xxx…"
 * ```
 */
export class Crowd {
  readonly #port: number;
  readonly #publishers: number;
  readonly #dialer: Dialer<Seen>;
  #members: Connection<Seen>[] = [];
  #silent: Connection[] = [];
  readonly #next: number[];
  #received = 0;
  #wrong = 0;
  #latenciesMs = new Float64Array(0);
  /** By message of each publisher, the latest moment at which a member received it. */
  #lastAtMs: Map<number, number>[] = [];

  constructor(port: number, publishers: number) {
    this.#port = port;
    this.#publishers = publishers;
    this.#next = new Array(publishers).fill(0);
    const handler: Handler<Seen> = {
      framing: lines(),
      open: (connection) => {
        connection.data = new Int32Array(publishers);
      },
      frame: (connection, line) => this.#got(connection.data, line),
    };
    this.#dialer = new Dialer({ port }, handler);
  }

  get closed(): number {
    return this.#members.filter((member) => member.closed).length;
  }

  async join(count: number): Promise<void> {
    this.#members = await inTurn(count, () => this.#dialer.connect());
  }

  /** Members that never read. Their kernel buffers are small, so that their messages wait at the server. */
  async joinSilent(count: number): Promise<void> {
    const dialer = new Dialer(
      { port: this.#port, receiveBufferBytes: 4096 },
      { open: (connection: Connection) => connection.pause(), chunk() {} },
    );
    this.#silent = await inTurn(count, () => dialer.connect());
  }

  leaveSilent(): void {
    for (const connection of this.#silent) connection.reset();
    this.#silent = [];
  }

  leave(): void {
    this.leaveSilent();
    for (const member of this.#members) member.reset();
  }

  /** Publishes at an even pace, each publisher in turn, and waits at most `timeoutMs` until everything has arrived. */
  async publish(messages: number, perSecond: number, bytes: number, timeoutMs = 20_000): Promise<Stretch> {
    const expected = messages * (this.#members.length - 1);
    this.#received = 0;
    this.#wrong = 0;
    this.#latenciesMs = new Float64Array(expected * 2);
    this.#lastAtMs = this.#next.map(() => new Map());
    const sentAtMs = this.#next.map(() => new Map<number, number>());
    const startMs = performance.now();
    for (let index = 0; index < messages; index++) {
      await pause(startMs + (index * 1000) / perSecond - performance.now());
      const publisher = index % this.#publishers;
      const number = this.#next[publisher]!++;
      const nowMs = performance.now();
      sentAtMs[publisher]!.set(number, nowMs);
      const head = `${publisher} ${number} ${Math.round(nowMs * 1000)} `;
      this.#members[publisher]!.write(encoder.encode(`${head.padEnd(bytes - 1, "x")}\n`));
    }
    const endMs = performance.now() + timeoutMs;
    while (this.#received < expected && performance.now() < endMs) await pause(20);
    await pause(200); // a message too many would come now
    return this.#stretch(messages, expected, sentAtMs);
  }

  #got(seen: Seen, line: Uint8Array): void {
    const nowMs = performance.now();
    let at = line.indexOf(SPACE) + 1;
    const numbers: [number, number, number] = [0, 0, 0];
    for (let index = 0; index < 3; index++) {
      let value = 0;
      for (; at < line.length && line[at] !== SPACE; at++) value = value * 10 + line[at]! - ZERO;
      numbers[index] = value;
      at += 1;
    }
    const [publisher, number, sentUs] = numbers;
    if (seen[publisher] !== number) this.#wrong += 1;
    seen[publisher] = number + 1;
    this.#latenciesMs[this.#received] = nowMs - sentUs / 1000;
    this.#received += 1;
    this.#lastAtMs[publisher]?.set(number, nowMs);
  }

  #stretch(messages: number, expected: number, sentAtMs: readonly Map<number, number>[]): Stretch {
    const sorted = this.#latenciesMs.subarray(0, this.#received).sort();
    const part = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    const took = sentAtMs.flatMap((sent, publisher) =>
      [...sent].map(([number, atMs]) => (this.#lastAtMs[publisher]?.get(number) ?? Number.NaN) - atMs),
    );
    const middle = took.sort((left, right) => left - right)[took.length >> 1] ?? Number.NaN;
    return {
      ...{ messages, expected, received: this.#received, wrong: this.#wrong + this.#behind() },
      ...{ p50Ms: part(0.5), p99Ms: part(0.99), maxMs: part(1), lastMs: middle },
    };
  }

  /** Counts members that miss a publisher's last messages. Gaps before were counted when a later message came. */
  #behind(): number {
    let behind = 0;
    for (const [member, { data: seen }] of this.#members.entries()) {
      for (const [publisher, next] of this.#next.entries()) {
        if (publisher !== member && seen[publisher] !== next) behind += 1;
      }
    }
    return behind;
  }
}

async function inTurn<Made>(count: number, make: () => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  while (made.length < count) {
    const some = Array.from({ length: Math.min(DIALS_AT_ONCE, count - made.length) }, make);
    made.push(...(await Promise.all(some)));
  }
  return made;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
