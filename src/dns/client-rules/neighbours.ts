import { readFileSync } from "node:fs";

const TABLE = "/proc/net/arp";
/** Set where the address was resolved (ATF_COM). */
const COMPLETE = 2;
const UNKNOWN = "00:00:00:00:00:00";

/**
 * Returns the IPv4 addresses that the kernel knows of each MAC address, from its neighbour table. It has the machines that were in touch lately.
 *
 * @param text of the table, for tests
 */
export function readNeighbours(text = tableText()): Map<string, string[]> {
  const neighbours = new Map<string, string[]>();
  for (const line of text.split("\n").slice(1)) {
    const [address = "", , flags = "0", mac = ""] = line.split(/\s+/);
    if (mac === "" || mac === UNKNOWN || (Number(flags) & COMPLETE) === 0) continue;
    const known = neighbours.get(mac.toLowerCase());
    if (known === undefined) neighbours.set(mac.toLowerCase(), [address]);
    else known.push(address);
  }
  return neighbours;
}

/** Empty where there is no such table. */
function tableText(): string {
  try {
    return readFileSync(TABLE, "latin1");
  } catch {
    return "";
  }
}
