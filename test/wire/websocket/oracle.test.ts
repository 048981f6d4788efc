/** Frame headers and a plain reader of them agree about every input: `TENK_FUZZ=10000000` gives it so many. */
import { FrameHeader, readFrameHeader, writeFrameHeader } from "../../../src/wire/websocket/mod.ts";
import { agree, type Plain, run } from "../plain.ts";
import { concat, hex } from "../support.ts";

const MAX = 2 ** 33;
const SEEDS = [
  "81 05 48",
  "81 85 37 fa 21 3d 7f",
  "82 7e 01 00",
  "02 fe ff ff 01 02 03 04",
  "00 00",
  "88 02 03 e8",
  "8a 80 00 00 00 00",
]
  .concat("82 7f 00 00 00 00 00 01 00 00", "82 ff 00 00 00 01 00 00 00 00 01 02 03 04", "82 7f 00 00 00 02 00 00 00 01")
  .map(hex);

const header = new FrameHeader();

function ours(bytes: Uint8Array): Plain {
  const isMasked = bytes.length % 2 === 0;
  const length = readFrameHeader(header, bytes, 0, bytes.length, { isMasked, maxPayloadBytes: MAX });
  if (length <= 0) return length === 0 ? "incomplete" : "refused";
  return { value: { ...header }, length };
}

/** RFC 6455 §5.2 bit by bit, on text. */
function plain(bytes: Uint8Array): Plain {
  const bits = Array.from(bytes.subarray(0, 14), (byte) => byte.toString(2).padStart(8, "0")).join("");
  const [, final, reserved, opcodeBits, masked, lengthBits, rest] = /^(.)(...)(....)(.)(.{7})(.*)$/.exec(bits) ?? [];
  if (rest === undefined) return "incomplete";
  const opcode = Number.parseInt(opcodeBits!, 2);
  const short = Number.parseInt(lengthBits!, 2);
  const isControl = opcode >= 8;
  if (reserved !== "000" || ![0, 1, 2, 8, 9, 10].includes(opcode)) return "refused";
  if ((masked === "1") !== (bytes.length % 2 === 0) || (isControl && (final === "0" || short > 125))) return "refused";
  const wide = short === 126 ? 16 : short === 127 ? 64 : 0;
  if (rest.length < wide) return "incomplete";
  const length = wide === 0 ? BigInt(short) : BigInt(`0b${rest.slice(0, wide)}`);
  if (length > BigInt(MAX) || (wide === 16 && length < 126n) || (wide === 64 && length < 65_536n)) return "refused";
  if (masked === "1" && rest.length < wide + 32) return "incomplete";
  const mask = masked === "1" ? Number.parseInt(rest.slice(wide, wide + 32), 2) : 0;
  const value = { isFinal: final === "1", opcode, payloadBytes: Number(length), mask };
  return { value, length: 2 + wide / 8 + (masked === "1" ? 4 : 0) };
}

agree("frame headers", SEEDS, ours, plain);

run("frame headers that were read are written the same", SEEDS, (bytes) => {
  const isMasked = bytes.length % 2 === 0;
  const length = readFrameHeader(header, bytes, 0, bytes.length, { isMasked, maxPayloadBytes: MAX });
  if (length <= 0) return;
  const block = new Uint8Array(14);
  const written = block.subarray(0, writeFrameHeader(block, 0, header, isMasked ? header.mask : undefined));
  if (Buffer.compare(written, concat(bytes.subarray(0, length))) !== 0) throw new Error(`written: ${written.toHex()}`);
});
