import { Opcode } from "../../wire/websocket/mod.ts";
import type { Framed, FramedItem, MessageSource } from "../message/mod.ts";
import { framedBytes, writeFrame, writeMessage } from "./frame-writer.ts";
import type { Masks } from "./masks.ts";

export interface FramingOptions {
  /** Send messages as binary and not as text. */
  readonly binary: boolean;
  /** Payload of a frame, at most; Infinity = one frame a message. */
  readonly fragmentBytes: number;
}

/** Frames of a constant message are kept in so many bytes, each under masks of its own. */
const RING_BYTES = 65_536;
const MAX_RING = 256;
/** As many views as this are kept, one for each length, so that sending allocates nothing. */
const MAX_VIEWS = 2048;

/**
 * Returns what connections send, in masked frames. Constant messages are masked before the run, up to 256 times with other masks, and
 * these are sent in turn; others are rendered and masked each time.
 */
export function framesOf({ first, items }: Framed, options: FramingOptions, masks: Masks): MessageSource {
  const lengths = items.map((item) => lengthsOf(item, options));
  const [least, most] = [0, 1].map((which) => lengths.reduce((sum, pair) => sum + pair[which]!, 0)) as [number, number];
  const isConstant = items.every(isItemConstant);
  return {
    constant: isConstant,
    nextBytes: bytesOf(items, options, masks),
    firstBytes: first.length === 0 ? () => undefined : bytesOf(first, options, masks),
    constantLengthBytes: least === most ? most : undefined,
    maxLengthBytes: most,
    messagesPerCycle: 1,
    hasMarker: items.some((item) => item.kind === "message" && item.hasMarker),
  };
}

/** Messages that a server gets of these items, each of which an echo answers. */
export function messagesIn(items: readonly FramedItem[]): number {
  return items.filter((item) => item.kind === "message" || (item.kind === "frame" && isData(item.opcode))).length;
}

function isData(opcode: number): boolean {
  return opcode === Opcode.text || opcode === Opcode.binary;
}

function isItemConstant(item: FramedItem): boolean {
  return item.kind !== "message" || item.constant;
}

function lengthsOf(item: FramedItem, { fragmentBytes }: FramingOptions): readonly [least: number, most: number] {
  if (item.kind === "message") {
    return [framedBytes(item.leastBytes, fragmentBytes), framedBytes(item.mostBytes, fragmentBytes)];
  }
  const bytes = item.kind === "raw" ? item.payload.length : framedBytes(item.payload.length, Number.POSITIVE_INFINITY);
  return [bytes, bytes];
}

type NextBytes = MessageSource["nextBytes"];

function bytesOf(items: readonly FramedItem[], options: FramingOptions, masks: Masks): NextBytes {
  const most = items.reduce((sum, item) => sum + lengthsOf(item, options)[1], 0);
  const write = (target: Uint8Array, uid: number, nowUs: number) => {
    let end = 0;
    for (let index = 0; index < items.length; index++) {
      end = writeItem(target, end, items[index]!, options, masks, uid, nowUs);
    }
    return end;
  };
  return items.every(isItemConstant) ? ringOf(most, write) : rendered(most, write);
}

type Write = (target: Uint8Array, uid: number, nowUs: number) => number;

function ringOf(lengthBytes: number, write: Write): NextBytes {
  const count = Math.max(1, Math.min(MAX_RING, Math.floor(RING_BYTES / Math.max(1, lengthBytes))));
  const ring = Array.from({ length: count }, () => {
    const frames = new Uint8Array(lengthBytes);
    write(frames, 0, 0);
    return frames;
  });
  let turn = 0;
  return () => {
    turn = turn + 1 < count ? turn + 1 : 0;
    return ring[turn]!;
  };
}

function rendered(mostBytes: number, write: Write): NextBytes {
  const scratch = new Uint8Array(mostBytes);
  const views: Uint8Array[] = [];
  return (uid, nowUs) => {
    const length = write(scratch, uid, nowUs);
    if (length >= MAX_VIEWS) return scratch.subarray(0, length);
    views[length] ??= scratch.subarray(0, length);
    return views[length]!;
  };
}

function writeItem(
  target: Uint8Array,
  at: number,
  item: FramedItem,
  { binary, fragmentBytes }: FramingOptions,
  masks: Masks,
  uid: number,
  nowUs: number,
): number {
  if (item.kind === "frame") return writeFrame(target, at, item.payload, item, masks);
  if (item.kind === "raw") {
    target.set(item.payload, at);
    return at + item.payload.length;
  }
  const payload = item.nextBytes(uid, nowUs);
  return writeMessage(target, at, payload, binary ? Opcode.binary : Opcode.text, fragmentBytes, masks);
}
