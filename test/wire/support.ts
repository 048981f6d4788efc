import { type CutResult, FrameCutter, type Framing } from "../../src/wire/mod.ts";

export const encoder = new TextEncoder();
export const decoder = new TextDecoder();

/** Bytes of a text in which each character stands for one byte. */
export const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Bytes from hexadecimal digits; anything else is skipped, so that a vector can be written in groups. */
export const hex = (digits: string) =>
  Uint8Array.from(digits.replace(/[^0-9a-fA-F]/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** All bytes of `parts`, one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** `bytes` cut at the given places; chunks are copies that nothing else refers to. */
export function split(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...[...places].sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.slice(edges[index]!, edge));
}

export interface Cut {
  frames: string[];
  result: CutResult;
  rest: string;
}

/** Cuts chunks into frames as text. Each chunk is overwritten afterwards, since it is only borrowed. */
export function cutAll(framing: Framing, chunks: readonly Uint8Array[]): Cut {
  const cutter = new FrameCutter(framing);
  const frames: string[] = [];
  let result: CutResult = "more";
  for (const chunk of chunks) {
    result = cutter.cut(chunk, frames, (all, frame) => all.push(Buffer.from(frame).toString("latin1")));
    chunk.fill(0xee);
  }
  return { frames, result, rest: Buffer.from(cutter.rest()).toString("latin1") };
}

export interface Work {
  /** Bytes read one by one, or passed by a search. */
  looked: number;
  /** Bytes copied from one array to another. */
  copied: number;
}

/** The same framing, which counts every byte it looks at. */
export function counted(framing: Framing, work: Work): Framing {
  return {
    maxFrameBytes: framing.maxFrameBytes,
    encode: framing.encode,
    measure: (bytes, at, end, scanned, span) => framing.measure(watched(bytes, work), at, end, scanned, span),
  };
}

/** Stands for `bytes` and counts each one that is read, by index or by a search. */
export function watched(bytes: Uint8Array, work: Work): Uint8Array {
  return new Proxy(bytes, {
    get(target, key) {
      if (key === "length") return target.length;
      if (key === "subarray") return (from?: number, to?: number) => watched(target.subarray(from, to), work);
      if (key === "indexOf") {
        return (byte: number, from = 0) => {
          const index = target.indexOf(byte, from);
          work.looked += (index < 0 ? target.length : index + 1) - Math.min(from, target.length);
          return index;
        };
      }
      if (typeof key === "string" && /^\d+$/.test(key)) {
        work.looked += 1;
        return target[Number(key)];
      }
      throw new Error(`a framing is not expected to use ${String(key)}`);
    },
  });
}
