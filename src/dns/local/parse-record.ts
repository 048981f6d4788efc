import { TenkError } from "../../base/mod.ts";
import { nameProblem, parseName, parseRdata, parseType, RecordType } from "../../wire/dns/mod.ts";
import { parseIp } from "../../wire/mod.ts";
import type { LocalRecord } from "./local-names.ts";

/** `name [TTL] [IN] TYPE data`, as in a zone file. */
const FORM = /^(\S+)\s+(?:(\d{1,10})\s+)?(?:IN\s+)?([A-Za-z][A-Za-z0-9-]*)\s+(.+)$/;

export interface ParseOptions {
  /** Names without a dot are below it: `nas` is `nas.home.arpa`. */
  readonly domain: string;
  /** TTL of records that say none. */
  readonly ttlSeconds: number;
}

/**
 * Parses a record as zone files write it. A name without a dot, also behind `*.`, is below the domain; all other names are absolute.
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseRecord("files CNAME nas.home.arpa", { domain: "home.arpa", ttlSeconds: 60 }).type; // 5
 */
export function parseRecord(text: string, { domain, ttlSeconds }: ParseOptions): LocalRecord {
  const match = FORM.exec(text.trim());
  if (match === null) throw invalid(text, "expected a name, a type and its data, such as files CNAME nas.home.arpa");
  const [, name, ttl, typeText, data] = match;
  const type = parseType(typeText!.toUpperCase());
  if (type === undefined) throw invalid(text, `${typeText} is no type of record`);
  return {
    name: localName(name!, domain),
    type,
    ttlSeconds: ttl === undefined ? ttlSeconds : Math.min(Number(ttl), 0x7fffffff),
    data: parseRdata(type, data!),
  };
}

/**
 * Returns the records of a name with addresses.
 *
 * @throws {TenkError} `invalid-option`
 */
export function hostRecords(name: string, addresses: readonly string[], options: ParseOptions): LocalRecord[] {
  return addresses.map((address) => {
    const data = parseIp(address);
    if (data === undefined) throw invalid(address, "expected an address such as 192.168.1.5 or fd00::5");
    const type = data.length === 4 ? RecordType.a : RecordType.aaaa;
    return { name: localName(name, options.domain), type, ttlSeconds: options.ttlSeconds, data };
  });
}

/**
 * Returns a name in wire form and lower case, below the domain if it has no dot: `nas`, and `*.dev`. With a dot at its end it is absolute.
 *
 * @throws {TenkError} `invalid-option`
 */
export function localName(text: string, domain: string): Uint8Array {
  const isBelow = !text.replace(/^\*\./, "").includes(".");
  const whole = (isBelow ? `${text}.${domain}` : text).toLowerCase();
  const name = parseName(whole);
  if (name === undefined) throw invalid(text, nameProblem(whole) ?? "expected a name such as nas or nas.home.arpa");
  return name;
}

function invalid(text: string, why: string): TenkError {
  return new TenkError("invalid-option", `Cannot use ${JSON.stringify(text)} as a local record: ${why}`);
}
