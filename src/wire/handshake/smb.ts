import { dialogue, ends, type Handshake, type Reader, up } from "./dialogue.ts";
import type { HandshakeOptions } from "./options.ts";
import type { HandshakeFacts } from "./outcome.ts";
import { utf8, viewOf } from "./text.ts";

const HEADER_BYTES = 64;
const SMB2 = 0xfe53_4d42;
const NEGATIVE_SESSION_RESPONSE = 0x83;
const [NOT_SUPPORTED, ACCESS_DENIED] = [0xc000_00bb, 0xc000_0022];
const DIALECTS = [0x0202, 0x0210];

/** SMB 2: NEGOTIATE (MS-SMB2 §2.2.3), which every server answers before a login. */
export function smbHandshake({ maxReplyBytes }: HandshakeOptions = {}): Handshake {
  return dialogue(negotiate(), read, maxReplyBytes);
}

function negotiate(): Uint8Array {
  const bodyBytes = 36 + 2 * DIALECTS.length;
  const bytes = new Uint8Array(4 + HEADER_BYTES + bodyBytes);
  const view = viewOf(bytes);
  view.setUint32(0, HEADER_BYTES + bodyBytes);
  view.setUint32(4, SMB2);
  view.setUint16(8, HEADER_BYTES, true);
  const body = 4 + HEADER_BYTES;
  view.setUint16(body, 36, true);
  view.setUint16(body + 2, DIALECTS.length, true);
  view.setUint16(body + 4, 1, true); // signing is enabled
  bytes.set(utf8("tenkprobe0000000"), body + 12); // the client's GUID
  DIALECTS.forEach((dialect, index) => {
    view.setUint16(body + 36 + 2 * index, dialect, true);
  });
  return bytes;
}

const read: Reader = (bytes) => {
  if (bytes[0] === NEGATIVE_SESSION_RESPONSE) return ends("address-refused");
  if (bytes[0] !== 0) return ends("wrong-protocol");
  if (bytes.length < 4) return undefined;
  const view = viewOf(bytes);
  const end = 4 + view.getUint32(0);
  if (end < 4 + HEADER_BYTES || end > 65_536) return ends("wrong-protocol");
  if (bytes.length < end) return undefined;
  // The command at 12 is 0, NEGOTIATE.
  if (view.getUint32(4) !== SMB2 || view.getUint16(16, true) !== 0) return ends("wrong-protocol");
  const status = view.getUint32(12, true);
  // A server that only speaks SMB 3 refuses our dialects, and is well.
  if (status === NOT_SUPPORTED) return up({ protocol: "SMB 3" });
  if (status !== 0) {
    return ends(status === ACCESS_DENIED ? "address-refused" : "unavailable", {}, `status 0x${status.toString(16)}`);
  }
  const facts: HandshakeFacts = {};
  const dialect = end >= 4 + HEADER_BYTES + 6 ? view.getUint16(4 + HEADER_BYTES + 4, true) : 0;
  if (dialect !== 0)
    facts.protocol = `SMB ${dialect >> 8}.${(dialect >> 4) & 15}${dialect & 15 ? `.${dialect & 15}` : ""}`;
  return up(facts);
};
