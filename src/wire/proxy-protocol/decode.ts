import { type Decoded, INCOMPLETE, refused } from "../decoded.ts";
import type { ProxyHeader, ProxyRefusal } from "./header.ts";
import { decodeProxyV1 } from "./v1.ts";
import { decodeProxyV2, V2_SIGNATURE } from "./v2.ts";

const V1_SIGNATURE = new TextEncoder().encode("PROXY ");

export interface DecodeProxyOptions {
  /** Longest version 2 header, in bytes; addresses need 216 at most. (A version 1 line has at most 107.) @default {4096} */
  maxBytes?: number;
  /** Which versions are accepted. @default {[1, 2]} */
  versions?: readonly (1 | 2)[];
}

/**
 * Reads the PROXY header that a connection begins with. Only for peers that are trusted to send one, and then it must be
 * there: never guess (§2, §5), or any client may claim to be somebody else.
 *
 * Pure and without memory: give it all bytes that came so far, until it is no longer incomplete; refused bytes are told as
 * early as they differ. Work is bounded by the limits: a header is read when it is whole, and before that only its start.
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
    // Not before it is certain: one reason for one stream, however it is split.
    return bytes.length < (version === 1 ? V1_SIGNATURE : V2_SIGNATURE).length ? INCOMPLETE : refused("version");
  }
  return version === 1 ? decodeProxyV1(bytes) : decodeProxyV2(bytes, maxBytes);
}

function beginsLike(bytes: Uint8Array, signature: Uint8Array): boolean {
  const count = Math.min(bytes.length, signature.length);
  for (let index = 0; index < count; index++) if (bytes[index] !== signature[index]) return false;
  return true;
}
