import { fieldLine, isAuthority, isFieldName, TARGET } from "../../wire/http1/mod.ts";
import { refuse } from "../plan/mod.ts";

/** What is asked for. */
export interface RequestText {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
  /** False: the server is asked to close the connection after its answer. */
  readonly keepAlive: boolean;
}

/** Fields that say how long the request is, which this generator says itself. */
const FRAMING: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/**
 * Writes a request of HTTP/1.1 as it is sent each time. `Host` and, with a body, `Content-Length` are added; nothing else is, so that
 * a request costs what its user wrote.
 *
 * @throws {TenkError} `usage` for a method, path or field that cannot be sent
 */
export function requestBytes({ method, path, authority, headers, body, keepAlive }: RequestText): Uint8Array {
  if (!isFieldName(method) || method === "CONNECT") refuse(`method "${method}" cannot be sent`, "for example -m POST");
  if (!isTarget(path)) refuse(`path "${path}" cannot be sent`, "write blanks and other characters as %20");
  for (const [name] of headers) {
    if (FRAMING.has(name.toLowerCase())) refuse(`the field ${name} is this generator's own`, "leave it out");
  }
  const hosts = headers.filter(([name]) => name.toLowerCase() === "host");
  const host = hosts[0]?.[1] ?? authority;
  const hostBytes = Buffer.from(host, "latin1");
  if (hosts.length > 1 || !isAuthority(hostBytes, 0, hostBytes.length))
    refuse(`Host "${host}" is no host`, "for example -H 'Host: a.example'");
  const lines = [
    ["Host", host] as const,
    ...headers.filter(([name]) => name.toLowerCase() !== "host"),
    ...(keepAlive ? [] : [["Connection", "close"] as const]),
    ...(body === undefined ? [] : [["Content-Length", String(body.length)] as const]),
  ];
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n`, "latin1"),
    ...lines.map(([name, value]) => fieldLine(name, value)),
    Buffer.from("\r\n"),
    ...(body === undefined ? [] : [body]),
  ]);
}

function isTarget(path: string): boolean {
  for (let at = 0; at < path.length; at++) if (TARGET[path.charCodeAt(at)] !== 1) return false;
  return path.startsWith("/");
}
