import { nearest, TenkError } from "../../base/mod.ts";
import { rcodeName } from "../../wire/dns/mod.ts";

/** Those that fit into a header. */
const NAMES = Array.from({ length: 16 }, (_, rcode) => rcodeName(rcode));

/**
 * Parses the response codes that are right: names with commas between, in any case.
 *
 * @throws {TenkError} `usage`, with the nearest name
 * @example
 * parseRcodes("noerror,NXDOMAIN"); // [0, 3]
 */
export function parseRcodes(text: string): readonly number[] {
  return text.split(",").map((word) => {
    const name = word.trim().toUpperCase();
    const rcode = NAMES.indexOf(name);
    if (rcode >= 0) return rcode;
    const meant = nearest(name, NAMES);
    throw new TenkError("usage", `"${word}" is not a response code`, {
      hint: `${meant ? `did you mean ${meant}? ` : ""}for example NOERROR,NXDOMAIN`,
    });
  });
}

/** Returns counts by number as counts by name: `{"3": 7}` as `{"NXDOMAIN": 7}`. */
export function namedRcodes(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([rcode, count]) => [rcodeName(Number(rcode)), count]));
}
