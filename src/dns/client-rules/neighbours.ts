import { readNeighbours } from "../../net/mod.ts";

/** Returns the addresses that the kernel knows of each MAC address, from its neighbour table: of machines that were in touch lately. */
export function addressesByMac(neighbours = knownNeighbours()): Map<string, string[]> {
  const byMac = new Map<string, string[]>();
  for (const { address, mac } of neighbours) {
    const known = byMac.get(mac);
    if (known === undefined) byMac.set(mac, [address]);
    else known.push(address);
  }
  return byMac;
}

/** Empty where the kernel does not tell. */
function knownNeighbours(): ReturnType<typeof readNeighbours> {
  try {
    return readNeighbours();
  } catch {
    return [];
  }
}
