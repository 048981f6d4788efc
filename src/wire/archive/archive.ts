import { gunzipSync, inflateRawSync } from "node:zlib";

/** Thrown for an archive that is broken, or beyond its bounds. The message says why. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** Bounds of an archive: a few kilobytes can stand for gigabytes. */
export interface ArchiveLimits {
  /** Entries, whether they are wanted or not. */
  readonly maxEntries: number;
  /** Bytes of a wanted file, unpacked. */
  readonly maxFileBytes: number;
  /** Bytes of all wanted files together, unpacked; of the whole tar file too. */
  readonly maxTotalBytes: number;
}

/** Contents of files by their path in the archive. */
export type ArchiveFiles = ReadonlyMap<string, Uint8Array>;

/** Collects wanted files, and holds them to the bounds. */
export class FileCollector {
  readonly files = new Map<string, Uint8Array>();
  readonly #limits: ArchiveLimits;
  readonly #isWanted: (path: string) => boolean;
  #entries = 0;
  #bytes = 0;

  constructor(limits: ArchiveLimits, isWanted: (path: string) => boolean) {
    this.#limits = limits;
    this.#isWanted = isWanted;
  }

  /** Counts an entry, and returns the path of the file if it is wanted. Paths that lead out of the archive are never wanted. */
  enter(name: string): string | undefined {
    this.#entries += 1;
    const { maxEntries } = this.#limits;
    if (this.#entries > maxEntries) throw new ArchiveError(`it has more than ${maxEntries} entries`);
    const path = name.replace(/^(?:\.\/)+/, "");
    const isInside = !path.startsWith("/") && !/[\\\0]/.test(path) && !path.split("/").includes("..");
    return isInside && this.#isWanted(path) ? path : undefined;
  }

  /** Returns how many bytes a file may have. */
  room(): number {
    return Math.min(this.#limits.maxFileBytes, this.#limits.maxTotalBytes - this.#bytes);
  }

  add(path: string, content: Uint8Array): void {
    // Programs differ in which of them they take.
    if (this.files.has(path)) throw new ArchiveError("a file is in it twice");
    if (content.length > this.room()) throw tooLarge(this.room());
    this.#bytes += content.length;
    this.files.set(path, content);
  }
}

function tooLarge(maxBytes: number): ArchiveError {
  return new ArchiveError(`a file in it has more than ${maxBytes} bytes`);
}

/** @throws {ArchiveError} where it is broken, or has more than `maxBytes` */
export function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return unpack(() => gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }), maxBytes);
}

/** @throws {ArchiveError} where it is broken, or has more than `maxBytes` */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return unpack(() => inflateRawSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }), maxBytes);
}

function unpack(run: () => Uint8Array, maxBytes: number): Uint8Array {
  try {
    return run();
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new ArchiveError("its compression is broken");
  }
}
