/** A network that this machine is on. */
export interface Network {
  /** Sixteen bytes, IPv4 as `::ffff:a.b.c.d`; and how many bits of them are the network's. */
  readonly prefix: Uint8Array;
  readonly bits: number;
  /** This machine's addresses on it, 4 and 16 bytes each. */
  readonly ipv4: readonly Uint8Array[];
  readonly ipv6: readonly Uint8Array[];
}

/** Returns the index of the network that contains an address; 0 if none does. */
export function networkOf(networks: readonly Network[], ip: Uint8Array): number {
  for (let index = 0; index < networks.length; index++) if (isOn(networks[index]!, ip)) return index;
  return 0;
}

function isOn({ prefix, bits }: Network, ip: Uint8Array): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (prefix[index] !== ip[index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((prefix[whole]! ^ ip[whole]!) & (0xff << (8 - rest)) & 0xff) === 0;
}
