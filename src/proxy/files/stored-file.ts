import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { systemCodeOf } from "../../base/mod.ts";
import { fieldLine } from "../../wire/http1/mod.ts";
import { type Coding, weakTag } from "../compress/mod.ts";
import type { Validators } from "./conditions.ts";
import { mediaTypeOf } from "./media-type.ts";

/** A file as it was found, with everything made that answers need. */
export interface StoredFile extends Validators {
  readonly path: string;
  readonly size: number;
  /** Device, inode, size and time of the last change of content or state: the same file has the same. */
  readonly identity: string;
  readonly contentType: string;
  readonly coding: Coding | undefined;
  /** Prepared fields of every answer with this file, 304 included. */
  readonly validatorLines: readonly Uint8Array[];
  /** Prepared fields that describe its content. */
  readonly contentLines: readonly Uint8Array[];
  /** Its content, where it is kept in memory. */
  readonly content: Uint8Array | undefined;
  /** It is on the disk without its coding. */
  readonly isMade: boolean;
}

/** What a path was found to be, where it is no file that may be sent. */
export type NoFile =
  | "missing" // also what leads out of the folder, or is neither file nor folder
  | "folder"
  | "forbidden" // the process may not read it
  | "busy" // the process has no descriptors left
  | "broken"; // the disk failed

export interface FileKind {
  readonly coding?: Coding;
  /** Of a precompressed file: the type of what it decodes to. */
  readonly contentType?: string;
  /** Content up to this size is kept in memory. */
  readonly maxKeptBytes: number;
  /** Fields that the service removes or sets itself, in lower case. */
  readonly dropNames: ReadonlySet<string>;
}

/** Opening a named pipe would wait for its writer. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Looks at a path below `root`, where symbolic links are followed as long as they stay there. The file is opened first, and then
 * the kernel says where it is: there is no moment between check and use in which a link could be changed.
 *
 * @param root a real path
 * @param known what was found there before: it is returned where the file is the same
 */
export async function inspect(
  root: string,
  path: string,
  kind: FileKind,
  known: StoredFile | undefined,
): Promise<StoredFile | NoFile> {
  let file: FileHandle;
  try {
    file = await open(path, FLAGS);
  } catch (error) {
    return noFileOf(error);
  }
  try {
    const stats = await file.stat();
    if (!isInside(root, await readlink(`/proc/self/fd/${file.fd}`))) return "missing";
    if (stats.isDirectory()) return "folder";
    if (!stats.isFile()) return "missing";
    if (known?.identity === identityOf(stats)) return known;
    return describe(path, stats, kind, stats.size <= kind.maxKeptBytes ? await contentOf(file, stats.size) : undefined);
  } catch (error) {
    return noFileOf(error);
  } finally {
    await file.close();
  }
}

export function identityOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

/** Whether a real path is the folder `root` or in it, and no part of it below `root` is hidden. */
function isInside(root: string, real: string): boolean {
  if (real === root) return true;
  const folder = root === "/" ? root : `${root}/`;
  return real.startsWith(folder) && !/(^|\/)\.(?!well-known(\/|$))/.test(real.slice(folder.length));
}

/**
 * Describes a file in a coding that is made here. Its tag is weak: another version may make other bytes of the same file.
 *
 * @param content undefined where it is made while it is sent
 */
export function madeFile(
  plain: StoredFile,
  coding: Coding,
  dropNames: ReadonlySet<string>,
  content: Uint8Array | undefined,
): StoredFile {
  const etag = weakTag(`${plain.etag.slice(0, -1)}-${coding}"`);
  const lines = linesExcept(dropNames);
  return {
    ...plain,
    size: content?.length ?? plain.size,
    coding,
    etag,
    validatorLines: lines({ ETag: etag, "Last-Modified": dateOf(plain.modifiedSeconds) }),
    contentLines: lines({ "Content-Type": plain.contentType, "Content-Encoding": coding }),
    content,
    isMade: true,
  };
}

function linesExcept(dropNames: ReadonlySet<string>) {
  return (fields: Readonly<Record<string, string | undefined>>) =>
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined || dropNames.has(name.toLowerCase()) ? [] : [fieldLine(name, value)],
    );
}

const dateOf = (seconds: number) => new Date(seconds * 1000).toUTCString();

function describe(path: string, stats: Stats, kind: FileKind, content: Uint8Array | undefined): StoredFile {
  const { coding, contentType = mediaTypeOf(path), dropNames } = kind;
  // Microseconds and size, as other servers do it with seconds.
  const etag = `"${Math.round(stats.mtimeMs * 1000).toString(36)}-${stats.size.toString(36)}${coding ? `-${coding}` : ""}"`;
  const modifiedSeconds = Math.floor(stats.mtimeMs / 1000);
  const lines = linesExcept(dropNames);
  return {
    path,
    size: content?.length ?? stats.size,
    identity: identityOf(stats),
    contentType,
    coding,
    etag,
    modifiedSeconds,
    validatorLines: lines({ ETag: etag, "Last-Modified": dateOf(modifiedSeconds) }),
    contentLines: lines({ "Content-Type": contentType, "Content-Encoding": coding, "Accept-Ranges": "bytes" }),
    content,
    isMade: false,
  };
}

async function contentOf(file: FileHandle, size: number): Promise<Uint8Array> {
  const content = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(content, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length === size ? content : content.slice(0, length);
}

export function noFileOf(error: unknown): NoFile {
  switch (systemCodeOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENAMETOOLONG":
    case "ELOOP":
    case "ENXIO":
      return "missing";
    case "EACCES":
    case "EPERM":
      return "forbidden";
    case "EMFILE":
    case "ENFILE":
      return "busy";
    default:
      return "broken";
  }
}
