import { randomBytes } from "node:crypto";
import { addressRanges } from "../../net/mod.ts";
import { formatIp } from "../../wire/mod.ts";
import type { BlockClient } from "../blocking/mod.ts";

/** What holds for some clients: plain data, to be posted to threads. */
export interface ClientRules {
  /** As `$client` of rules names it. */
  readonly name: string;
  /** Addresses and networks. */
  readonly ranges: readonly string[];
  /** Mask of the lists that count. */
  readonly lists: number;
  /** Nothing is blocked, but rewrites that lead elsewhere hold. */
  readonly isPaused: boolean;
}

/** A client that has asked, with what holds for it. */
export interface KnownClient {
  readonly client: BlockClient;
  readonly lists: number;
  readonly isPaused: boolean;
}

const IP_BYTES = 16;
const MAX_CLIENTS = 4096;

/**
 * What holds for each client, found once and then kept: looking a known one up allocates nothing. When more clients than fit have
 * asked, all are forgotten and found again.
 */
export class ClientTable {
  readonly #rules: readonly { readonly rules: ClientRules; readonly has: (address: string) => boolean }[];
  readonly #others: Pick<ClientRules, "lists" | "isPaused">;
  readonly #seed = randomBytes(4).readInt32LE();
  readonly #ips: Uint8Array;
  /** Index of a client by the hash of its address, plus one; 0 where there is none. */
  readonly #slots: Int32Array;
  readonly #known: KnownClient[] = [];

  /**
   * @param rules the first that has a client's address holds for it
   * @param others what holds for all other clients
   */
  constructor(
    rules: readonly ClientRules[],
    others: Pick<ClientRules, "lists" | "isPaused">,
    maxClients: number = MAX_CLIENTS,
  ) {
    this.#rules = rules.map((each) => ({ rules: each, has: addressRanges(each.ranges) }));
    this.#others = others;
    this.#ips = new Uint8Array(new ArrayBuffer(maxClients * IP_BYTES));
    // A power of two, at most half full.
    this.#slots = new Int32Array(2 ** (Math.ceil(Math.log2(maxClients)) + 1));
  }

  /** Number of clients that are kept. */
  get size(): number {
    return this.#known.length;
  }

  /** @param ip sixteen bytes, IPv4 as `::ffff:a.b.c.d` */
  of(ip: Uint8Array): KnownClient {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(ip) & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - 1;
      if (this.#isAt(index, ip)) return this.#known[index]!;
    }
    return this.#add(ip, slot);
  }

  #hash(ip: Uint8Array): number {
    let hash = this.#seed;
    for (let at = 0; at < IP_BYTES; at++) hash = Math.imul(hash ^ ip[at]!, 0x01000193) ^ (hash >>> 15);
    return hash ^ (hash >>> 16);
  }

  #isAt(index: number, ip: Uint8Array): boolean {
    const from = index * IP_BYTES;
    for (let at = 0; at < IP_BYTES; at++) if (this.#ips[from + at] !== ip[at]) return false;
    return true;
  }

  #add(ip: Uint8Array, slot: number): KnownClient {
    const index = this.#known.length;
    if ((index + 1) * IP_BYTES > this.#ips.length) {
      this.#known.length = 0;
      this.#slots.fill(0);
      return this.of(ip);
    }
    const found = this.#find(ip);
    this.#ips.set(ip, index * IP_BYTES);
    this.#known.push(found);
    this.#slots[slot] = index + 1;
    return found;
  }

  #find(ip: Uint8Array): KnownClient {
    const address = formatIp(ip).replace(/^::ffff:(?=\d+\.)/, "");
    const own = this.#rules.filter(({ has }) => has(address)).map(({ rules }) => rules);
    const { lists, isPaused } = own[0] ?? this.#others;
    const names = own.map(({ name }) => name).filter((name) => name !== "");
    return { client: { address, names }, lists, isPaused };
  }
}
