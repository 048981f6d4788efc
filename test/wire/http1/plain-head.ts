/** A second parser of heads, on strings and patterns, as slow and plain as can be: an oracle for the one on bytes. */
import { isIPv6 } from "node:net";
import { FieldName } from "../../../src/wire/http1/mod.ts";
import type { Plain } from "../plain.ts";

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([!"$-~]+) HTTP/1\\.([01])$`);
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE = new RegExp(
  `^(${TOKEN}):[ \\t]*((?:[!-~\\x80-\\xff](?:[\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?)?)[ \\t]*$`,
);
const ABSOLUTE = /^(https?):\/\/([^/]+)(\/.*)$/i;
const AUTHORITY = /^(?:\[([0-9a-fA-F:.]+)\]|[0-9A-Za-z._~-]{1,255})(?::([0-9]{1,5}))?$/;
const NAMES = new Set(Object.keys(FieldName).slice(4).map(kebab));
const HOP = [
  "connection",
  "content-length",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "keep-alive",
].concat(["proxy-connection", "proxy-authenticate", "proxy-authorization", "alt-svc", "http2-settings", "host"]);

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, "-$&").toLowerCase();
}

type Field = [name: string, value: string, known: string];

/** Field lines, or undefined when one is not allowed. */
export function plainFields(lines: readonly string[], maxFields: number): Field[] | undefined {
  if (lines.length > maxFields) return undefined;
  const fields = lines.map((line) => FIELD_LINE.exec(line));
  if (fields.includes(null)) return undefined;
  return fields.map((field) => [field![1]!, field![2]!, classOf(field![1]!.toLowerCase())]);
}

function classOf(name: string): string {
  if (NAMES.has(name)) return name;
  if (/[_.]/.test(name)) return "ambiguous";
  return /^x-forwarded-./.test(name) ? "xForwardedOther" : "";
}

function isAuthority(text: string): boolean {
  const [, address, port] = AUTHORITY.exec(text) ?? [undefined, "", "99999"];
  return Number(port ?? 0) <= 65_535 && (address === undefined || isIPv6(address));
}

/** What the fields say, or undefined when they contradict each other. */
function framing(fields: Field[], version: number) {
  const all = (name: string) => fields.filter(([, , known]) => known === name).map(([, value]) => value);
  const lengths = all("content-length");
  const codings = all("transfer-encoding");
  if (lengths.length + codings.length > 1) return undefined;
  if (lengths.some((length) => !/^[0-9]{1,15}$/.test(length))) return undefined;
  if (codings.some((coding) => coding.toLowerCase() !== "chunked" || version === 10)) return undefined;
  const options = all("connection").flatMap((value) =>
    value
      .toLowerCase()
      .split(/[ \t,]+/)
      .filter(Boolean),
  );
  if (options.length > 32) return undefined;
  const others = options.filter((option) => !["close", "keep-alive", "upgrade"].includes(option));
  for (const field of fields) {
    if (others.length > 0 && options.includes(field[0].toLowerCase()) && !HOP.includes(field[2]))
      field[2] = "namedByConnection";
  }
  const flags = [
    codings.length > 0 && "isChunked",
    options.includes("close") && "wantsClose",
    options.includes("keep-alive") && "wantsKeepAlive",
    options.includes("upgrade") && "wantsUpgrade",
    others.length > 0 && "namesOthers",
    version === 11 && all("expect").some((value) => value.toLowerCase() === "100-continue") && "expectsContinue",
    fields.some(([name]) => /[_.]/.test(name)) && "hasAmbiguousNames",
  ].filter((flag) => flag !== false);
  return { contentLength: Number(lengths[0] ?? -1), flags };
}

/** The start line and the field lines of a whole head, or why there is none. */
function linesOf(text: string, maxBytes: number): "refused" | "incomplete" | { lines: string[]; length: number } {
  const end = text.slice(0, maxBytes).indexOf("\r\n\r\n");
  if (end < 0) return text.length >= maxBytes ? "refused" : "incomplete";
  return { lines: text.slice(0, end).split("\r\n"), length: end + 4 };
}

export function plainRequest(text: string, maxBytes = 16_384, maxTargetBytes = 8192, maxFields = 128): Plain {
  const found = linesOf(text, maxBytes);
  if (typeof found === "string") return found;
  const [, method, raw, minor] = REQUEST_LINE.exec(found.lines[0]!) ?? [];
  if (method === undefined || raw === undefined || raw.length > maxTargetBytes || method === "CONNECT")
    return "refused";
  const version = minor === "1" ? 11 : 10;
  const [, scheme, authority, path] = ABSOLUTE.exec(raw) ?? [];
  if (!raw.startsWith("/") && !(raw === "*" && method === "OPTIONS") && authority === undefined) return "refused";
  if (authority !== undefined && !isAuthority(authority)) return "refused";
  const fields = plainFields(found.lines.slice(1), maxFields);
  const said = fields && framing(fields, version);
  if (said === undefined) return "refused";
  const hosts = fields!.filter(([, , known]) => known === "host").map(([, value]) => value);
  if (hosts.length > 1 || (hosts.length === 0 && version === 11) || !hosts.every(isAuthority)) return "refused";
  const host = authority ?? hosts[0] ?? "";
  if (host.toLowerCase() !== (hosts[0] ?? host).toLowerCase()) return "refused";
  if (scheme?.toLowerCase() === "https") said.flags.push("schemeIsHttps");
  return { value: { method, target: path ?? raw, host, version, ...said, fields }, length: found.length };
}

export function plainResponse(text: string, maxBytes = 65_536, maxFields = 128): Plain {
  const found = linesOf(text, maxBytes);
  if (typeof found === "string") return found;
  const [, minor, status] = STATUS_LINE.exec(found.lines[0]!) ?? [];
  const fields = plainFields(found.lines.slice(1), maxFields);
  if (status === undefined || fields === undefined) return "refused";
  const version = minor === "1" ? 11 : 10;
  const said = framing(fields, version);
  if (said === undefined) return "refused";
  return { value: { status: Number(status), version, ...said, fields }, length: found.length };
}
