import {
  expandName,
  MAX_NAME_BYTES,
  Message,
  nameText,
  RecordClass,
  RecordType,
  readMessage,
  reverseName,
  Section,
  writeUint16,
} from "../../wire/dns/mod.ts";
import { parseIp } from "../../wire/mod.ts";
import { hostName } from "./leases.ts";

export interface ReverseNamesOptions {
  /**
   * Asks for a PTR record. `done` is called once, with the answer, borrowed, or without one.
   *
   * @returns false where nobody is to be asked: the address is in no zone of this house
   */
  readonly ask: (query: Uint8Array, done: (answer: Uint8Array | undefined, length: number) => void) => boolean;
  /** How long a name, or that there is none, is believed. @default {3_600_000} */
  readonly keepMs?: number;
  /** Addresses that are known at a time; the oldest are forgotten. @default {4096} */
  readonly maxNames?: number;
  /** Questions at a time. @default {8} */
  readonly maxAsked?: number;
}

interface Known {
  readonly name: string | undefined;
  readonly untilMs: number;
}

const DEFAULTS = { keepMs: 3_600_000, maxNames: 4096, maxAsked: 8 };
const HEADER_BYTES = 12;
const QUESTION_BYTES = 4;
const GIVE_UP_MS = 10_000;
const RECURSION_DESIRED = 0x0100;

/** Names of addresses by reverse lookups, such as those that the router gives its devices. Each address is asked for once an hour. */
export class ReverseNames {
  readonly #options: ReverseNamesOptions & typeof DEFAULTS;
  /** In the order of their time. */
  readonly #known = new Map<string, Known>();
  readonly #asked = new Map<string, Promise<void>>();
  readonly #now: () => number;

  constructor(options: ReverseNamesOptions, now: () => number = Date.now) {
    this.#options = { ...DEFAULTS, ...options };
    this.#now = now;
  }

  /** Returns the name of an address, as far as it is known. */
  nameOf(address: string): string | undefined {
    return this.#known.get(address)?.name;
  }

  /** Returns the addresses whose name has this part, in small letters. */
  addressesOf(part: string): string[] {
    return [...this.#known].flatMap(([address, { name }]) => (name?.toLowerCase().includes(part) ? [address] : []));
  }

  /** Asks for the names of these addresses that are not known. @returns when they are */
  async learn(addresses: Iterable<string>): Promise<void> {
    const waiting: Promise<void>[] = [];
    for (const address of addresses) {
      const known = this.#known.get(address);
      if (known !== undefined && this.#now() < known.untilMs) continue;
      const asked = this.#asked.get(address) ?? this.#ask(address);
      if (asked !== undefined) waiting.push(asked);
    }
    await Promise.all(waiting);
  }

  #ask(address: string): Promise<void> | undefined {
    const ip = parseIp(address);
    if (ip === undefined || this.#asked.size >= this.#options.maxAsked) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    // A resolver that is stopped answers nobody.
    const timer = setTimeout(() => end(undefined, 0), GIVE_UP_MS);
    timer.unref();
    const end = (answer: Uint8Array | undefined, length: number) => {
      clearTimeout(timer);
      this.#asked.delete(address);
      this.#remember(address, answer && nameIn(answer, length));
      resolve();
    };
    if (!this.#options.ask(queryFor(reverseName(ip)), end)) {
      clearTimeout(timer);
      return undefined;
    }
    // It may have been answered at once.
    if (!this.#known.has(address)) this.#asked.set(address, promise);
    return promise;
  }

  #remember(address: string, name: string | undefined): void {
    this.#known.delete(address);
    this.#known.set(address, { name, untilMs: this.#now() + this.#options.keepMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#options.maxNames) break;
      this.#known.delete(oldest);
    }
  }
}

function queryFor(name: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + name.length + QUESTION_BYTES);
  writeUint16(bytes, 2, RECURSION_DESIRED);
  writeUint16(bytes, 4, 1);
  bytes.set(name, HEADER_BYTES);
  writeUint16(bytes, HEADER_BYTES + name.length, RecordType.ptr);
  writeUint16(bytes, HEADER_BYTES + name.length + 2, RecordClass.in);
  return bytes;
}

/** Returns the host name of the first PTR record. */
function nameIn(answer: Uint8Array, length: number): string | undefined {
  const message = new Message();
  if (!readMessage(message, answer, 0, length)) return undefined;
  const { records, starts } = message;
  const name = new Uint8Array(MAX_NAME_BYTES);
  for (let index = starts[Section.answer]!; index < starts[Section.authority]!; index++) {
    if (records.type(index) !== RecordType.ptr) continue;
    if (expandName(answer, 0, length, records.rdataFrom(index), name, 0) > 0) return hostName(nameText(name));
  }
  return undefined;
}
