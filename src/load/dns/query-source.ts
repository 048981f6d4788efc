import type { LoopSource, Slice } from "../loop/mod.ts";
import type { DnsPlan } from "./plan.ts";
import { parseQueryFile } from "./query-file.ts";
import { type EdnsOptions, QuerySet } from "./query-set.ts";

/** 36^10: what the unique digits count up to. */
const SERIALS = 36 ** 10;

/** The query that was written last. */
export interface CurrentQuery {
  /** Its place in the set. */
  query: number;
  /** Of its unique digits. */
  serial: number;
  /** The file that it is of. */
  file: number;
}

/** The queries of one event loop. */
export interface QuerySource extends LoopSource {
  readonly set: QuerySet;
  readonly current: Readonly<CurrentQuery>;
}

type Asked = Pick<DnsPlan, "files" | "edns" | "startedUs">;

/**
 * Parses the files of a plan for one event loop. Each loop begins at a line of its own, so that together they go through a file once.
 *
 * @throws {TenkError} `usage`, with file and line
 */
export function querySource({ files, edns, startedUs }: Asked, slice: Pick<Slice, "worker" | "workers">): QuerySource {
  const decoder = new TextDecoder("latin1");
  const parsed = files.map(({ name, text }) => parseQueryFile(decoder.decode(text), name));
  const set = new QuerySet(parsed.flat(), edns satisfies EdnsOptions);
  const firsts = parsed.map((_, file) => parsed.slice(0, file).reduce((sum, { length }) => sum + length, 0));
  const places = parsed.map(({ length }) => Math.ceil((length * slice.worker) / slice.workers) % length);
  const pick = files.length === 1 ? () => 0 : byShare(files.map(({ share }) => share));
  const scratch = new Uint8Array(set.maxBytes);
  const views: Uint8Array[] = [];
  const current: CurrentQuery = { query: 0, serial: startedUs + slice.worker, file: 0 };
  return {
    set,
    current,
    constant: false,
    firstBytes: () => undefined,
    constantLengthBytes: set.isConstantLength ? set.maxBytes : undefined,
    maxLengthBytes: set.maxBytes,
    messagesPerCycle: 1,
    hasMarker: false,
    nextBytes() {
      const file = pick();
      const place = places[file]!;
      places[file] = place + 1 === parsed[file]!.length ? 0 : place + 1;
      current.file = file;
      current.query = firsts[file]! + place;
      current.serial = (current.serial + slice.workers) % SERIALS;
      const length = set.write(current.query, current.serial, scratch, 0);
      views[length] ??= scratch.subarray(0, length);
      return views[length]!;
    },
  };
}

/** Returns a chooser that takes each as often as its share says, as evenly as possible: the one that is most behind is next. */
export function byShare(shares: readonly number[]): () => number {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const owed = new Float64Array(shares.length);
  return () => {
    let next = 0;
    for (let index = 0; index < owed.length; index++) {
      owed[index]! += shares[index]!;
      if (owed[index]! > owed[next]!) next = index;
    }
    owed[next]! -= total;
    return next;
  };
}
