import { TenkError } from "../../base/mod.ts";
import { fieldLine, isAuthority, isFieldName, TARGET } from "../../wire/http1/mod.ts";

/** What a request says of itself. */
export interface RequestText {
  method: string;
  /** Path and query, as they are sent. */
  path: string;
  /** Names in any case. */
  fields: Readonly<Record<string, string>>;
  /** Bytes of its body; undefined = it has none. */
  bodyLength: number | undefined;
}

/** Fields that frame the message or belong to the connection, and so to this client. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Methods whose answers are framed in another way, or that make another connection of it. */
const OTHER_METHODS: ReadonlySet<string> = new Set(["CONNECT"]);

/**
 * Writes the head of a request. Nothing in it can become a line of its own: each part is held to the characters that it may
 * have, where others escape or drop some.
 *
 * @throws {TenkError} `invalid-option`
 */
export function requestHead(authority: string, { method, path, fields, bodyLength }: RequestText): Uint8Array {
  if (!isFieldName(method) || OTHER_METHODS.has(method))
    throw refused("method", method, "is no method that it may have");
  if (!path.startsWith("/") || !isTarget(path)) throw refused("path", path, "must begin with / and have no blanks");
  const own = { Host: hostOf(fields) ?? authority, Connection: "close" };
  const defaults: Record<string, string> = { Accept: "*/*", "Accept-Encoding": "identity" };
  for (const name of Object.keys(fields)) {
    if (OWN_FIELDS.has(name.toLowerCase())) throw refused("field", name, "is the client's own");
    for (const key of Object.keys(defaults)) if (key.toLowerCase() === name.toLowerCase()) delete defaults[key];
  }
  const given = Object.entries(fields).filter(([name]) => name.toLowerCase() !== "host");
  const length = bodyLength === undefined ? [] : [["Content-Length", String(bodyLength)] as const];
  const lines = [...Object.entries(own), ...Object.entries(defaults), ...given, ...length];
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n`, "latin1"),
    ...lines.map(([name, value]) => fieldLine(name, value)),
    Buffer.from("\r\n"),
  ]);
}

function isTarget(path: string): boolean {
  for (let at = 0; at < path.length; at++) if (TARGET[path.charCodeAt(at)] !== 1) return false;
  return true;
}

function hostOf(fields: Readonly<Record<string, string>>): string | undefined {
  const given = Object.entries(fields).filter(([name]) => name.toLowerCase() === "host");
  if (given.length === 0) return undefined;
  const value = given[0]![1];
  const bytes = Buffer.from(value, "latin1");
  if (given.length > 1 || !isAuthority(bytes, 0, bytes.length))
    throw refused("Host", value, "must be one host, with or without port");
  return value;
}

function refused(what: string, value: string, why: string): TenkError {
  return new TenkError("invalid-option", `Cannot send ${what} ${JSON.stringify(value)}: it ${why}`);
}
