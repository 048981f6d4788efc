import { type FileHandle, open, stat } from "node:fs/promises";
import { systemCodeOf, TenkError } from "../../base/mod.ts";
import type { Connection, Handler } from "../types.ts";
import { delegate } from "./delegate.ts";
import { Turn } from "./turn.ts";

export interface SendFileOptions {
  /** First byte of the file to send. @default {0} */
  start?: number;
  /** Where to stop: the first byte that is not sent. @default {the file's size} */
  end?: number;
  /** Bytes read at once, 1 to 524288: all the memory that it takes beside the connection's write queue. @default {65536} */
  chunkBytes?: number;
}

const LARGEST_CHUNK_BYTES = 512 * 1024;

/** A handler that was set meanwhile hears of `drain` instead of us. */
const LOOK_AGAIN_MS = 200;

/**
 * Writes a file, or a range of it, to a connection: as fast as the peer takes it, in bounded memory. It does not `end()`.
 *
 * Meanwhile a delegate, which also listens for `drain` and `close`, stands in the handler's place and passes every event on.
 * Write nothing else until this is over: it would end up between two pieces of the file.
 *
 * ```ts
 * import { connect, listen, sendFile } from "tenk";
 *
 * const server = await listen({ port: 0 }, {
 *   async open(connection) {
 *     await sendFile(connection, "package.json", { end: 2 });
 *     connection.end();
 *   },
 * });
 * await connect({ port: server.port }, { chunk: (_, bytes) => console.log(bytes.length) });
 * ```
 *
 * @returns how many bytes the connection took: fewer than the range has if it was closed or ended meanwhile, or if the file
 *   became shorter
 * @throws {TenkError} `file-unreadable`, `invalid-option` for a range that does not lie in the file
 */
export async function sendFile<Data>(
  connection: Connection<Data>,
  path: string,
  options: SendFileOptions = {},
): Promise<number> {
  const former = connection.handler as Handler;
  const turn = new Turn();
  const ours = listening(former, turn);
  // Before the file is open: the peer's FIN may come meanwhile, and must wait for the file.
  connection.handler = ours as Handler<Data>;
  try {
    const { file, size } = await openFile(path);
    try {
      return await send(connection as Connection, turn, file, path, checkedRange(path, size, options));
    } finally {
      await file.close();
    }
  } finally {
    if (connection.handler === ours) connection.handler = former as Handler<Data>;
  }
}

interface Range {
  start: number;
  end: number;
  chunkBytes: number;
}

async function send(connection: Connection, turn: Turn, file: FileHandle, path: string, range: Range): Promise<number> {
  const buffer = new Uint8Array(range.chunkBytes);
  let position = range.start;
  while (position < range.end && !connection.closed) {
    const length = await read(file, path, buffer, position, range.end);
    while (connection.full && !connection.closed) await turn.next(LOOK_AGAIN_MS);
    if (length === 0 || connection.write(buffer.subarray(0, length)) === 0) break;
    position += length;
  }
  return position - range.start;
}

function listening(former: Handler, turn: Turn): Handler {
  return delegate(former, {
    isSending: () => true,
    drain(connection) {
      turn.tell();
      return former.drain?.(connection);
    },
    close(connection, reason, cause) {
      turn.tell();
      return former.close?.(connection, reason, cause);
    },
  });
}

async function openFile(path: string): Promise<{ file: FileHandle; size: number }> {
  try {
    // Asked first: opening a named pipe would wait for its writer.
    if (!(await stat(path)).isFile()) throw unreadable(path, "it is not a file");
    const file = await open(path, "r");
    return { file, size: (await file.stat()).size };
  } catch (error) {
    throw error instanceof TenkError ? error : unreadable(path, systemCodeOf(error) ?? String(error), error);
  }
}

async function read(file: FileHandle, path: string, into: Uint8Array, from: number, end: number): Promise<number> {
  try {
    return (await file.read(into, 0, Math.min(into.length, end - from), from)).bytesRead;
  } catch (error) {
    throw unreadable(path, systemCodeOf(error) ?? String(error), error);
  }
}

function unreadable(path: string, why: string, cause?: unknown): TenkError {
  return new TenkError("file-unreadable", `Cannot read ${path}: ${why}`, { cause });
}

function checkedRange(path: string, size: number, options: SendFileOptions): Range {
  const { start = 0, end = size, chunkBytes = 64 * 1024 } = options;
  const check = (name: string, value: number, least: number, most: number) => {
    if (Number.isSafeInteger(value) && value >= least && value <= most) return;
    const words = `it must be ${least} to ${most}: current value is ${value}`;
    throw new TenkError("invalid-option", `Cannot use ${name} for ${path} as ${words}`);
  };
  check("start", start, 0, size);
  check("end", end, start, size);
  check("chunkBytes", chunkBytes, 1, LARGEST_CHUNK_BYTES);
  return { start, end, chunkBytes };
}
