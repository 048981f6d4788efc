import { type Address, formatAddress, isWildcard, type PlannedAddress } from "../../part/mod.ts";

/** An address to listen on, and its setting, as a path from the root of the file. */
export type ListeningSetting = PlannedAddress;

export interface AddressClash {
  readonly setting: string;
  readonly address: string;
  /** The earlier setting with an overlapping address. */
  readonly takenBy: ListeningSetting;
}

/**
 * Finds settings that would listen on the same address, which includes `0.0.0.0:9190` beside `127.0.0.1:9190`. Host names are
 * compared as text, except `localhost`.
 */
export function addressClashes(settings: readonly ListeningSetting[]): AddressClash[] {
  const clashes: AddressClash[] = [];
  for (const [index, each] of settings.entries()) {
    const takenBy = settings.slice(0, index).find((other) => overlaps(each, other));
    if (takenBy !== undefined) clashes.push({ setting: each.setting, address: formatAddress(each.address), takenBy });
  }
  return clashes;
}

function overlaps(one: ListeningSetting, other: ListeningSetting): boolean {
  const [a, b] = [one.address, other.address];
  if ("path" in a || "path" in b) return "path" in a && "path" in b && a.path === b.path;
  if (one.transport !== other.transport || a.port !== b.port || a.port === 0) return false;
  const [hostA, hostB] = [hostOf(a), hostOf(b)];
  return hostA === hostB || covers(hostA, hostB) || covers(hostB, hostA);
}

/** `::` accepts IPv4 as well, `0.0.0.0` IPv4 alone. */
function covers(wide: string, host: string): boolean {
  return isWildcard(wide) && (wide.includes(":") || !host.includes(":"));
}

function hostOf({ host }: Extract<Address, { port: number }>): string {
  const plain = host.toLowerCase();
  return plain === "localhost" ? "127.0.0.1" : plain;
}
