import { attemptsKey } from "../../auth/mod.ts";

/** Who a request is from: an address, and what is made of it once. */
export class Caller {
  /** Without a zone; empty for a Unix socket. */
  readonly address: string;
  /** What limits count it under: the address, or an IPv6 address's /64. */
  readonly key: string;
  /** The last list of addresses that it was looked for in, and whether it is on it. */
  list: unknown;
  isListed = false;

  constructor(address: string) {
    this.address = address;
    this.key = attemptsKey(address);
  }
}
