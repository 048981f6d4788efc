import { fieldId } from "./field-id.ts";
import { ENTRY, LINE_EXTRA_BYTES } from "./line-table.ts";

/** RFC 7541 Appendix A, in its order from 1 on. */
const FIELDS: readonly string[] = [
  ":authority",
  ":method: GET",
  ":method: POST",
  ":path: /",
  ":path: /index.html",
  ":scheme: http",
  ":scheme: https",
  ":status: 200",
  ":status: 204",
  ":status: 206",
  ":status: 304",
  ":status: 400",
  ":status: 404",
  ":status: 500",
  "accept-charset",
  "accept-encoding: gzip, deflate",
  "accept-language",
  "accept-ranges",
  "accept",
  "access-control-allow-origin",
  "age",
  "allow",
  "authorization",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "etag",
  "expect",
  "expires",
  "from",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "link",
  "location",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "range",
  "referer",
  "refresh",
  "retry-after",
  "server",
  "set-cookie",
  "strict-transport-security",
  "transfer-encoding",
  "user-agent",
  "vary",
  "via",
  "www-authenticate",
];

/** The first index of the dynamic table (§2.3.3). */
export const FIRST_DYNAMIC_INDEX = FIELDS.length + 1;

const split = FIELDS.map((field) => {
  const colon = field.indexOf(": ");
  return colon < 0 ? [field, ""] : [field.slice(0, colon), field.slice(colon + 2)];
}) as [name: string, value: string][];

/** The lines, as a dynamic table has them. */
export const STATIC_LINES = new TextEncoder().encode(split.map(([name, value]) => `${name}: ${value}\r\n`).join(""));

/** Four numbers for each index, as a dynamic table has them. Index 0 is none. */
export const STATIC_ENTRIES = new Int32Array(FIRST_DYNAMIC_INDEX * ENTRY);

let start = 0;
split.forEach(([name, value], index) => {
  STATIC_ENTRIES.set(
    [start, name.length, value.length, fieldId(STATIC_LINES, start, start + name.length)],
    (index + 1) * ENTRY,
  );
  start += name.length + value.length + LINE_EXTRA_BYTES;
});

/** The first index of each name. */
export const STATIC_NAMES: ReadonlyMap<string, number> = new Map(
  split.map(([name], index) => [name, index + 1] as const).reverse(),
);
