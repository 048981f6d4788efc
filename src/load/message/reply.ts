import { Pattern } from "./pattern.ts";

/**
 * Says how many replies a chunk completes. What it must remember of a connection is `intsPerConnection` integers, which the
 * caller keeps for all connections in one array: they start as 0 and belong to the finder.
 *
 * ```text
 *   state  [ · · | · · | · · | … ]      offset = connection × ints
 * ```
 *
 * `count` allocates nothing, and how the stream was cut into chunks never changes the sum (but for `byAnyChunk`).
 */
export interface ReplyFinder {
  readonly intsPerConnection: number;
  /** Replies that `bytes`, the next chunk of this connection, completes. */
  count(state: Int32Array, offset: number, bytes: Uint8Array): number;
}

/** Looks for the text that ends a run (`--message-stop`). */
export interface StopFinder {
  readonly intsPerConnection: number;
  /** The text is complete in this chunk. */
  seen(state: Int32Array, offset: number, bytes: Uint8Array): boolean;
}

/**
 * Every occurrence of a text answers one request (`--latency-marker`); occurrences do not overlap. The first `skip` on each
 * connection answer none (`--latency-marker-skip`): a greeting, for example.
 *
 * @throws {RangeError} when the text is empty or `skip` is no whole number from 0 on
 * @example
 * byMarker(new TextEncoder().encode("aa")).count(new Int32Array(2), 0, new TextEncoder().encode("aaaaa")); // 2
 */
export function byMarker(marker: Uint8Array, skip = 0): ReplyFinder {
  if (!Number.isInteger(skip) || skip < 0 || skip > 0x7fff_ffff) {
    throw new RangeError(`Cannot skip replies: skip must be a whole number from 0 on, current value is ${skip}`);
  }
  const pattern = new Pattern(marker);
  return {
    intsPerConnection: skip === 0 ? 1 : 2,
    count(state, offset, bytes) {
      let found = 0;
      for (let at = pattern.findEnd(state, offset, bytes, 0); at >= 0; found++) {
        at = pattern.findEnd(state, offset, bytes, at);
      }
      if (skip === 0 || found === 0) return found;
      const skipped = Math.min(found, skip - state[offset + 1]!);
      state[offset + 1]! += skipped;
      return found - skipped;
    },
  };
}

/**
 * Every reply ends with the same bytes, such as a line end.
 *
 * @throws {RangeError} when there is no byte
 * @example
 * byDelimiter(new Uint8Array([10])).count(new Int32Array(1), 0, new TextEncoder().encode("a\nb\nc")); // 2
 */
export function byDelimiter(delimiter: Uint8Array): ReplyFinder {
  return byMarker(delimiter);
}

/**
 * Every reply has the same length.
 *
 * @param bytesPerReply 1 to 2^31 - 1
 * @throws {RangeError} when it is outside
 * @example
 * byLength(4).count(new Int32Array(1), 0, new Uint8Array(11)); // 2
 */
export function byLength(bytesPerReply: number): ReplyFinder {
  if (!Number.isInteger(bytesPerReply) || bytesPerReply < 1 || bytesPerReply > 0x7fff_ffff) {
    throw new RangeError(
      `Cannot count replies: bytesPerReply must be from 1 to 2147483647, current value is ${bytesPerReply}`,
    );
  }
  return {
    intsPerConnection: 1,
    count(state, offset, bytes) {
      const gathered = state[offset]! + bytes.length;
      const replies = Math.floor(gathered / bytesPerReply);
      state[offset] = gathered - replies * bytesPerReply;
      return replies;
    },
  };
}

/**
 * Every chunk answers the oldest request, whatever is in it (`--wait-reply` alone). True only while one request is on its way
 * and its answer comes in one piece: TCP may cut a reply in two, or put two into one.
 */
export function byAnyChunk(): ReplyFinder {
  return { intsPerConnection: 0, count: (_state, _offset, bytes) => (bytes.length > 0 ? 1 : 0) };
}

/**
 * @throws {RangeError} when the text is empty
 * @example
 * stopAt(new TextEncoder().encode("ERR")).seen(new Int32Array(1), 0, new TextEncoder().encode("an ERROR")); // true
 */
export function stopAt(text: Uint8Array): StopFinder {
  const pattern = new Pattern(text);
  return {
    intsPerConnection: 1,
    seen: (state, offset, bytes) => pattern.findEnd(state, offset, bytes, 0) >= 0,
  };
}
