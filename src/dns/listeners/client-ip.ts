import { parseIp } from "../../wire/mod.ts";
import { mappedIp } from "../local/mod.ts";

const UNKNOWN = new Uint8Array(16);

/** Returns the address of a client as sixteen bytes; zeros for what is no address. */
export function clientIp(address: string): Uint8Array {
  return mappedIp(parseIp(address.split("%")[0] ?? "") ?? UNKNOWN);
}
