import { parseIp } from "../../wire/mod.ts";
import { type Der, element, elements, sequence } from "./der.ts";

export const NAME_CONSTRAINTS = "2.5.29.30";

/** Which names a CA may sign: everything else is refused by whoever verifies. */
export interface NameConstraints {
  /** `home.arpa` stands for itself and all names below it. */
  readonly domains: readonly string[];
  /** `192.168.0.0/16`, `fc00::/7` */
  readonly ranges: readonly string[];
}

/**
 * Encodes the extension's value (RFC 5280 §4.2.1.10).
 *
 * ```text
 *   SEQUENCE { [0] permittedSubtrees { SEQUENCE { [2] dNSName "home.arpa" }, SEQUENCE { [7] iPAddress + mask }, … } }
 * ```
 */
export function encodeNameConstraints({ domains, ranges }: NameConstraints): Der {
  const subtrees = [
    ...domains.map((domain) => sequence(element(0x82, Buffer.from(domain, "latin1")))),
    ...ranges.map((range) => sequence(element(0x87, addressAndMask(range)))),
  ];
  return sequence(element(0xa0, ...subtrees));
}

function addressAndMask(range: string): Uint8Array {
  const [address = "", bits] = range.split("/");
  const bytes = parseIp(address)!;
  const mask = bytes.map((_, at) => 0xff00 >> Math.min(8, Math.max(0, Number(bits) - at * 8)));
  return Buffer.concat([bytes, mask]);
}

/** 2.5.29.30 in DER. */
const OID = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1e]);

/** Returns the domains that a CA's certificate permits; none where it has no such extension. */
export function constrainedDomainsOf({ raw }: { readonly raw: Uint8Array }): string[] {
  const at = Buffer.from(raw).indexOf(OID);
  if (at < 0) return [];
  const value = elements(raw.subarray(at + OID.length)).find(({ tag }) => tag === 0x04);
  return value === undefined ? [] : constrainedDomains(value.value);
}

/** Returns the DNS names in the extension's value; what is not understood is left out. */
export function constrainedDomains(value: Uint8Array): string[] {
  const domains: string[] = [];
  const outer = elements(value)[0];
  const permitted = outer && elements(outer.value).find(({ tag }) => tag === 0xa0);
  for (const subtree of permitted ? elements(permitted.value) : []) {
    const base = elements(subtree.value)[0];
    if (base?.tag === 0x82) domains.push(Buffer.from(base.value).toString("latin1"));
  }
  return domains;
}
