import { fieldLine, isAuthority, isFieldName, TARGET } from "../../../wire/http1/mod.ts";
import { refuse } from "../../plan/mod.ts";

/** What is asked for. */
export interface RequestText {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array | undefined;
  /** False: the server is asked to close the connection after its answer. */
  readonly keepAlive: boolean;
}

/** Fields that say how long the request is, which this generator says itself. */
const FRAMING: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/** @throws {TenkError} `usage` for a method or field that cannot be sent */
export function checkRequest({ method, headers }: Pick<RequestText, "method" | "headers">): void {
  if (!isFieldName(method) || method === "CONNECT") refuse(`method "${method}" cannot be sent`, "for example -m POST");
  for (const [name] of headers) {
    if (FRAMING.has(name.toLowerCase())) refuse(`the field ${name} is this generator's own`, "leave it out");
  }
}

/**
 * Returns the fields of a request, with `Host` and without `Content-Length`: nothing else is added, so that a request costs what its
 * user wrote.
 *
 * @throws {TenkError} `usage`
 */
export function fieldsOf({ authority, headers, keepAlive }: RequestText): (readonly [name: string, value: string])[] {
  const hosts = headers.filter(([name]) => name.toLowerCase() === "host");
  const host = hosts[0]?.[1] ?? authority;
  const hostBytes = Buffer.from(host, "latin1");
  if (hosts.length > 1 || !isAuthority(hostBytes, 0, hostBytes.length))
    refuse(`Host "${host}" is no host`, "for example -H 'Host: a.example'");
  return [
    ["Host", host],
    ...headers.filter(([name]) => name.toLowerCase() !== "host"),
    ...(keepAlive ? [] : [["Connection", "close"] as const]),
  ];
}

/**
 * Writes a request of HTTP/1.1 as it is sent each time.
 *
 * @returns its bytes, and how many of them at its end are its body; -1 = it has none
 * @throws {TenkError} `usage` for a method, path or field that cannot be sent
 */
export function requestBytes(text: RequestText): { readonly bytes: Uint8Array; readonly bodyBytes: number } {
  checkRequest(text);
  const { method, path } = text;
  if (!isTarget(path)) refuse(`path "${path}" cannot be sent`, "write blanks and other characters as %20");
  const body = typeof text.body === "string" ? new TextEncoder().encode(text.body) : text.body;
  const bytes = Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n`, "latin1"),
    ...fieldsOf(text).map(([name, value]) => fieldLine(name, value)),
    Buffer.from(body === undefined ? "\r\n" : `Content-Length: ${body.length}\r\n\r\n`),
    ...(body === undefined ? [] : [body]),
  ]);
  return { bytes, bodyBytes: body?.length ?? -1 };
}

function isTarget(path: string): boolean {
  for (let at = 0; at < path.length; at++) if (TARGET[path.charCodeAt(at)] !== 1) return false;
  return path.startsWith("/");
}
