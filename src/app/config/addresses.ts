import { type Address, formatAddress, type PlannedAddress } from "../../part/mod.ts";

/** A setting, from the root of the file, and where it says that something listens. */
export type ListeningSetting = PlannedAddress;

export interface AddressClash {
  readonly setting: string;
  readonly address: string;
  /** The one that has the address, or a part of it, already. */
  readonly takenBy: ListeningSetting;
}

const EVERYWHERE = /^(0\.0\.0\.0|::|0(:0){7})$/;

/**
 * Finds what would listen where something else of the same configuration does already: also `0.0.0.0:9190` beside
 * `127.0.0.1:9190`, which the kernel refuses. Names are compared as they are written, but for `localhost`.
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

/** `::` hears IPv4 too, `0.0.0.0` IPv4 alone. */
function covers(wide: string, host: string): boolean {
  return EVERYWHERE.test(wide) && (wide.includes(":") || !host.includes(":"));
}

function hostOf({ host }: Extract<Address, { port: number }>): string {
  const plain = host.toLowerCase();
  return plain === "localhost" ? "127.0.0.1" : plain;
}
