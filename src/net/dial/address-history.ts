import type { SocketAddress } from "../socket-address.ts";

/** An address that may be tried, for people and for the kernel. */
export interface Candidate {
  readonly text: string;
  readonly address: SocketAddress;
}

/** How many connects ended how, by address: `{"::1": {"ECONNREFUSED": 1}, "127.0.0.1": {"connected": 10}}`. */
export type AddressOutcomes = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A failure older than that says nothing any more (RFC 6555 §4.2 has ten minutes). */
const FORGET_MS = 600_000;
/** A name whose addresses change for ever must not fill memory: the oldest are forgotten. */
const MAX_ADDRESSES = 32;
/** What this side ran out of is not the address's failure. */
const OURS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ECANCELED"]);

interface Past {
  failedMs: number;
  readonly outcomes: Record<string, number>;
}

/**
 * What became of the addresses of one target. Those that failed lately are tried last: where `localhost` is `::1` and
 * `127.0.0.1` and a server listens on one of them only, the first connect finds out, and the others go there at once. The
 * rest keeps the resolver's order, so that a name which spreads its clients over servers still does.
 */
export class AddressHistory {
  readonly #pasts = new Map<string, Past>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Returns `addresses`, those that failed behind the others, the one that failed last at the end. */
  inOrder(addresses: readonly string[]): readonly string[] {
    const since = this.#nowMs() - FORGET_MS;
    const failedMs = (address: string) => Math.max(since, this.#pasts.get(address)?.failedMs ?? since);
    return addresses.toSorted((one, other) => failedMs(one) - failedMs(other));
  }

  reached(address: string): void {
    const past = this.#count(address, "connected");
    past.failedMs = Number.NEGATIVE_INFINITY;
  }

  /** @param code the system's, such as `ECONNREFUSED` */
  failed(address: string, code: string): void {
    const past = this.#count(address, code);
    if (!OURS.has(code)) past.failedMs = this.#nowMs();
  }

  read(): AddressOutcomes {
    return Object.fromEntries([...this.#pasts].map(([address, { outcomes }]) => [address, { ...outcomes }]));
  }

  #count(address: string, outcome: string): Past {
    let past = this.#pasts.get(address);
    if (past === undefined) {
      if (this.#pasts.size >= MAX_ADDRESSES) this.#pasts.delete(this.#pasts.keys().next().value ?? "");
      past = { failedMs: Number.NEGATIVE_INFINITY, outcomes: {} };
      this.#pasts.set(address, past);
    }
    past.outcomes[outcome] = (past.outcomes[outcome] ?? 0) + 1;
    return past;
  }
}
