import { TenkError } from "../../base/mod.ts";
import type { Content, Expression, HandMade } from "./expression.ts";
import type { CompileOptions } from "./message.ts";
import { randomBytes } from "./regex.ts";
import { lengthsOf, Renderer, type Segment } from "./renderer.ts";
import type { MessagePart } from "./template.ts";

/** Bytes that are the same each time, or rendered anew. */
export interface SegmentSource {
  readonly constant: boolean;
  /** Borrowed until the next call. */
  readonly nextBytes: (uid: number, nowUs: number) => Uint8Array;
}

/** Returns what segments send, one behind the other. */
export function segmentSource(segments: readonly Segment[], random: () => number, seed: number): SegmentSource {
  const only = segments[0] ?? { kind: "bytes", bytes: new Uint8Array(0) };
  if (segments.length <= 1 && only.kind === "bytes") return { constant: true, nextBytes: () => only.bytes };
  const renderer = new Renderer(segments, random, seed);
  return { constant: false, nextBytes: (uid: number, nowUs: number) => renderer.render(uid, nowUs) };
}

/** An expression whose files and global random text have become bytes. */
export type Resolved = Segment | HandMade<Uint8Array>;

export function isSegment(resolved: Resolved): resolved is Segment {
  return resolved.kind !== "frame" && resolved.kind !== "raw";
}

/** The fewest and the most bytes that segments take. */
export function lengthsIn(segments: readonly Segment[]): readonly [least: number, most: number] {
  const sum = (which: 0 | 1) => segments.reduce((total, segment) => total + lengthsOf(segment)[which], 0);
  return [sum(0), sum(1)];
}

/** @throws {TenkError} `usage` for a file that was not read */
export function resolved(
  expression: Expression,
  part: MessagePart,
  options: Pick<CompileOptions, "files">,
  globalRandom: () => number,
): Resolved {
  if (expression.kind === "frame" || expression.kind === "raw") {
    return { ...expression, payload: expression.payload.map((content) => contentOf(content, part, options)) };
  }
  if (expression.kind === "regex" && expression.scope === "global") {
    return { kind: "bytes", bytes: randomBytes(expression.regex, globalRandom) };
  }
  return expression.kind === "file" ? { kind: "bytes", bytes: contentOf(expression, part, options) } : expression;
}

function contentOf(content: Content, part: MessagePart, { files }: Pick<CompileOptions, "files">): Uint8Array {
  const bytes = content.kind === "bytes" ? content.bytes : files?.get(content.path);
  if (bytes !== undefined) return bytes;
  const path = content.kind === "file" ? content.path : "";
  throw new TenkError("usage", `Cannot send \\{<${path}>} in ${part.name ?? "the message"}: the file was not read`);
}

/** Puts neighbouring bytes into one array, so that a message without expressions is one. */
export function joined(segments: readonly Segment[]): readonly Segment[] {
  const result: Segment[] = [];
  let run: Uint8Array[] = [];
  const endRun = () => {
    if (run.length > 0) result.push({ kind: "bytes", bytes: run.length === 1 ? run[0]! : concatenated(run) });
    run = [];
  };
  for (const segment of segments) {
    if (segment.kind === "bytes") {
      run.push(segment.bytes);
    } else {
      endRun();
      result.push(segment);
    }
  }
  endRun();
  return result;
}

export function concatenated(arrays: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    result.set(array, offset);
    offset += array.length;
  }
  return result;
}
