import { type Decoded, INCOMPLETE, refused } from "../decoded.ts";
import type { ProxyHeader, ProxyRefusal } from "./header.ts";
import { decodeProxyV1 } from "./v1.ts";
import { decodeProxyV2, V2_SIGNATURE } from "./v2.ts";

const V1_SIGNATURE = new TextEncoder().encode("PROXY ");

export interface DecodeProxyOptions {
  /** Longest version 2 header, in bytes; addresses need at most 216. (A version 1 line has at most 107.) @default {4096} */
  maxBytes?: number;
  /** Which versions are accepted. @default {[1, 2]} */
  versions?: readonly (1 | 2)[];
}

/**
 * Decodes the PROXY header that a connection begins with. Use it only for peers that are trusted to send one, and require it
 * from them: if the header were optional (§2, §5), any client could claim to be somebody else.
 *
 * Stateless: pass all bytes received so far until the result is no longer incomplete. Invalid bytes are refused at the first
 * difference. Work is bounded: until a header is complete, only its start is read.
 *
 * @example
 * decodeProxyHeader(new TextEncoder().encode("PROXY TCP4 192.0.2.1")).state; // "incomplete"
 * decodeProxyHeader(new TextEncoder().encode("GET / HTTP/1.1\r\n")); // { state: "refused", reason: "signature" }
 */
export function decodeProxyHeader(
  bytes: Uint8Array,
  options: DecodeProxyOptions = {},
): Decoded<ProxyHeader, ProxyRefusal> {
  const { maxBytes = 4096, versions = [1, 2] } = options;
  if (bytes.length === 0) return INCOMPLETE;
  const version = beginsLike(bytes, V1_SIGNATURE) ? 1 : beginsLike(bytes, V2_SIGNATURE) ? 2 : undefined;
  if (version === undefined) return refused("signature");
  if (!versions.includes(version)) {
    // Only once the version is certain, so that a stream gets the same reason however it is split.
    return bytes.length < (version === 1 ? V1_SIGNATURE : V2_SIGNATURE).length ? INCOMPLETE : refused("version");
  }
  return version === 1 ? decodeProxyV1(bytes) : decodeProxyV2(bytes, maxBytes);
}

function beginsLike(bytes: Uint8Array, signature: Uint8Array): boolean {
  const count = Math.min(bytes.length, signature.length);
  for (let index = 0; index < count; index++) if (bytes[index] !== signature[index]) return false;
  return true;
}
