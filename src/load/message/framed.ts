import type { HandMade } from "./expression.ts";
import type { CompileOptions } from "./message.ts";
import type { Segment } from "./renderer.ts";
import { concatenated, isSegment, joined, lengthsIn, resolved, type SegmentSource, segmentSource } from "./segments.ts";
import { parseTemplate } from "./template.ts";

/** One after the other they are what is sent at a time: messages, and frames that were made by hand. */
export type FramedItem =
  | ({
      readonly kind: "message";
      readonly leastBytes: number;
      readonly mostBytes: number;
      readonly hasMarker: boolean;
    } & SegmentSource)
  | (Omit<Extract<HandMade<Uint8Array>, { kind: "frame" }>, "payload"> & { readonly payload: Uint8Array })
  | { readonly kind: "raw"; readonly payload: Uint8Array };

export interface Framed {
  /** Sent once, when a connection opens. */
  readonly first: readonly FramedItem[];
  readonly items: readonly FramedItem[];
}

/**
 * Reads the messages of a load test that are sent in frames: each part is a message of its own, and so is what stands before and
 * behind a hand-made frame in it, as with tcpkali.
 *
 * @throws {TenkError} `usage`, quoting what could not be read
 * @example
 * const parts = [{ kind: "text" as const, text: 'a\\{ws.ping "?"}b', first: false, unescape: false }];
 * compileFramed({ parts, random: Math.random }).items.map(({ kind }) => kind); // ["message", "frame", "message"]
 */
export function compileFramed(options: CompileOptions): Framed {
  const { parts, random, globalRandom = random } = options;
  let seed = Math.floor(globalRandom() * 0x1_0000_0000) | 0;
  const messageOf = (segments: readonly Segment[]): FramedItem => {
    const [leastBytes, mostBytes] = lengthsIn(segments);
    const hasMarker = segments.some(({ kind }) => kind === "marker");
    seed = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b);
    return { kind: "message", leastBytes, mostBytes, hasMarker, ...segmentSource(joined(segments), random, seed) };
  };
  const itemsOf = (first: boolean) =>
    parts
      .filter((part) => part.first === first)
      .flatMap((part) => {
        const items: FramedItem[] = [];
        let run: Segment[] = [];
        const endRun = () => {
          if (run.length > 0) items.push(messageOf(run));
          run = [];
        };
        for (const expression of parseTemplate(part, { ...options.regex, frames: true })) {
          const piece = resolved(expression, part, options, globalRandom);
          if (isSegment(piece)) run.push(piece);
          else {
            endRun();
            items.push({ ...piece, payload: concatenated(piece.payload) });
          }
        }
        endRun();
        // An empty message is a message too, as an empty frame is.
        return items.length > 0 ? items : [messageOf([])];
      });
  return { first: itemsOf(true), items: itemsOf(false) };
}
