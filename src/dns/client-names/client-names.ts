import { open, stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { nameText, RecordType, reverseName } from "../../wire/dns/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import type { LocalNames, LocalRecord } from "../local/mod.ts";
import { type LeaseNames, readLeases } from "./leases.ts";
import { ReverseNames, type ReverseNamesOptions } from "./reverse-names.ts";

/** Where the usual DHCP servers have their leases: dnsmasq, Pi-hole, OpenWrt, ISC's dhcpd, Kea. */
export const LEASE_FILES: readonly string[] = [
  "/var/lib/misc/dnsmasq.leases",
  "/var/lib/dnsmasq/dnsmasq.leases",
  "/etc/pihole/dhcp.leases",
  "/tmp/dhcp.leases",
  "/var/lib/dhcp/dhcpd.leases",
  "/var/lib/kea/kea-leases4.csv",
  "/var/lib/kea/kea-leases6.csv",
];

export interface ClientNamesOptions {
  /** Files of DHCP servers. */
  readonly leases: readonly string[];
  /** Returns the local names as they are now, and the records that they are made of. */
  readonly local: () => { readonly names: LocalNames; readonly records: readonly LocalRecord[] };
  /** Returns the name that a client has given itself. @default {no name} */
  readonly announced?: (address: string) => string | undefined;
  /** Asks for PTR records: see `ReverseNames`. @default {nobody} */
  readonly ask?: ReverseNamesOptions["ask"];
  /** How often the files are looked at. @default {60_000} */
  readonly everyMs?: number;
  /** @default {4096} */
  readonly maxNames?: number;
  /** Bytes at the end of a file that are read: some are journals, whose newest lines are last. @default {4_194_304} */
  readonly maxBytes?: number;
}

const DEFAULTS = { everyMs: 60_000, maxNames: 4096, maxBytes: 1 << 22 };
const UNKNOWN_IP = new Uint8Array(16);
const MAX_ADDRESSES = 100;
const LEARN_MS = 500;

/** Names of the clients of this house: from its local names, the leases of its DHCP server, the clients themselves, and reverse lookups. */
export class ClientNames {
  readonly #options: ClientNamesOptions & typeof DEFAULTS;
  #files: readonly string[];
  readonly #timer: ReturnType<typeof setInterval>;
  #leases: LeaseNames = new Map();
  readonly #reverse: ReverseNames;
  /** Of the files as they were read last. */
  #state: string | undefined;

  constructor(options: ClientNamesOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#files = options.leases;
    this.#reverse = new ReverseNames({ ask: options.ask ?? (() => false) });
    this.#timer = setInterval(() => void this.refresh(), this.#options.everyMs);
    this.#timer.unref();
    void this.refresh();
  }

  /** Returns the name of a client; undefined where it has none. */
  nameOf(address: string): string | undefined {
    return (
      this.#localName(address) ??
      this.#leases.get(address) ??
      this.#options.announced?.(address) ??
      this.#reverse.nameOf(address)
    );
  }

  /** Asks for the names of clients that have none so far. Waits for them a moment at most. */
  async learn(addresses: Iterable<string>): Promise<void> {
    const unnamed = [...new Set(addresses)].filter((address) => this.nameOf(address) === undefined);
    if (unnamed.length === 0) return;
    await Promise.race([this.#reverse.learn(unnamed), wait(LEARN_MS, undefined, { ref: false })]);
  }

  /** Returns the addresses of clients whose name has this part, in any case. */
  addressesOf(part: string): string[] {
    const wanted = part.toLowerCase();
    const { records } = this.#options.local();
    const local = records
      .filter(({ type, name }) => isAddress(type) && nameText(name).toLowerCase().includes(wanted))
      .map(({ data }) => formatIp(data));
    const leased = [...this.#leases].filter(([, name]) => name.toLowerCase().includes(wanted));
    const all = [...local, ...leased.map(([address]) => address), ...this.#reverse.addressesOf(wanted)];
    return [...new Set(all)].slice(0, MAX_ADDRESSES);
  }

  /** Returns the addresses of the clients with this name, in any case; without a domain it may have any. */
  addressesNamed(name: string): string[] {
    const wanted = name.toLowerCase().replace(/\.$/, "");
    return this.addressesOf(wanted).filter((address) => {
      const known = this.nameOf(address)?.toLowerCase();
      return known === wanted || (!wanted.includes(".") && known?.startsWith(`${wanted}.`));
    });
  }

  /** Reads the files, if they have changed. A file that is not there, or cannot be read, has no names. */
  async refresh(): Promise<void> {
    const stats = await Promise.all(this.#files.map((file) => stat(file).catch(() => undefined)));
    const state = stats.map((each) => `${each?.mtimeMs} ${each?.size}`).join();
    // Leases end without a change of the file, but their clients keep their names for a while.
    if (state === this.#state) return;
    const names: LeaseNames = new Map();
    for (const [index, file] of this.#files.entries()) {
      if (stats[index] === undefined) continue;
      readLeases(await this.#endOf(file), Date.now(), names, this.#options.maxNames);
    }
    this.#leases = names;
    this.#state = state;
  }

  /** Takes over other files. */
  change(leases: readonly string[]): void {
    this.#files = leases;
    this.#state = undefined;
    void this.refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #localName(address: string): string | undefined {
    const ip = parseIp(address);
    if (ip === undefined) return undefined;
    const found = this.#options.local().names.find(reverseName(ip), 0, RecordType.ptr, UNKNOWN_IP)?.[0];
    return found?.type === RecordType.ptr ? nameText(found.data) : undefined;
  }

  async #endOf(path: string): Promise<string> {
    try {
      await using file = await open(path, "r");
      const { size } = await file.stat();
      const length = Math.min(size, this.#options.maxBytes);
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: size - length });
      return buffer.toString("latin1", 0, bytesRead);
    } catch {
      return "";
    }
  }
}

function isAddress(type: number): boolean {
  return type === RecordType.a || type === RecordType.aaaa;
}
