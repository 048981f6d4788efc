import { randomBytes } from "node:crypto";
import { fieldLine, isAuthority, isFieldName, TARGET } from "../../wire/http1/mod.ts";
import { refuse } from "../plan/mod.ts";

/** What is asked for. */
export interface UpgradeText {
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly subprotocols: readonly string[];
}

/** Fields that the opening handshake sets itself, and what to do instead. */
const OWN: Readonly<Record<string, string>> = {
  connection: "leave it out",
  upgrade: "leave it out",
  "content-length": "leave it out",
  "transfer-encoding": "leave it out",
  "sec-websocket-key": "each connection has its own",
  "sec-websocket-version": "it is 13",
  "sec-websocket-protocol": "--subprotocol asks for one",
  "sec-websocket-extensions": "none is spoken",
};

const KEY_BYTES = 24;

/** The request of an opening handshake (RFC 6455 §4.1) but for its key, which is the last field. */
export interface UpgradeRequest {
  readonly head: Uint8Array;
}

/**
 * Writes what all opening handshakes of a run have in common.
 *
 * @throws {TenkError} `usage` for a path or field that cannot be sent
 */
export function upgradeRequest({ path, authority, headers, subprotocols }: UpgradeText): UpgradeRequest {
  if (!isTarget(path)) refuse(`path "${path}" cannot be sent`, "write blanks and other characters as %20");
  for (const [name] of headers) {
    const instead = OWN[name.toLowerCase()];
    if (instead !== undefined) refuse(`the field ${name} is the opening handshake's own`, instead);
  }
  for (const name of subprotocols) {
    if (!isFieldName(name)) refuse(`"${name}" is not the name of a subprotocol`, "for example --subprotocol mqtt");
  }
  const hosts = headers.filter(([name]) => name.toLowerCase() === "host");
  const host = hosts[0]?.[1] ?? authority;
  const hostBytes = Buffer.from(host, "latin1");
  if (hosts.length > 1 || !isAuthority(hostBytes, 0, hostBytes.length))
    refuse(`Host "${host}" is no host`, "for example -H 'Host: a.example'");
  const lines = [
    ["Host", host] as const,
    ["Upgrade", "websocket"] as const,
    ["Connection", "Upgrade"] as const,
    ["Sec-WebSocket-Version", "13"] as const,
    ...(subprotocols.length === 0 ? [] : [["Sec-WebSocket-Protocol", subprotocols.join(", ")] as const]),
    ...headers.filter(([name]) => name.toLowerCase() !== "host"),
  ];
  const parts = [Buffer.from(`GET ${path} HTTP/1.1\r\n`, "latin1"), ...lines.map((line) => fieldLine(...line))];
  return { head: Buffer.concat([...parts, Buffer.from(`Sec-WebSocket-Key: ${"k".repeat(KEY_BYTES)}\r\n\r\n`)]) };
}

function isTarget(path: string): boolean {
  for (let at = 0; at < path.length; at++) if (TARGET[path.charCodeAt(at)] !== 1) return false;
  return path.startsWith("/");
}

/** Returns a key, and the request with it. */
export function withKey({ head }: UpgradeRequest): { readonly key: string; readonly bytes: Uint8Array } {
  const key = randomBytes(16).toString("base64");
  const bytes = Buffer.from(head);
  bytes.write(key, bytes.length - KEY_BYTES - 4, "latin1");
  return { key, bytes };
}
