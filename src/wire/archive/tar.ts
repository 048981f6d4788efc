import { ArchiveError, type FileCollector } from "./archive.ts";

const BLOCK = 512;
const [NUL, SPACE] = [0, 0x20];
/** Type of an ordinary file; old programs write a NUL. */
const FILE_TYPES = new Set(["0", "\0"]);

/** Whether the bytes begin with a tar header. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && hasChecksum(bytes.subarray(0, BLOCK));
}

/**
 * Reads the ordinary files of a tar archive (POSIX ustar, and its predecessor). Links, devices and folders are entries without content;
 * names of more than 255 bytes, which other entries would bring, are not read.
 *
 * @throws {ArchiveError}
 */
export function readTar(bytes: Uint8Array, collector: FileCollector): void {
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === NUL)) return;
    if (!hasChecksum(header)) throw new ArchiveError("a header in it has a wrong checksum");
    const size = octal(header.subarray(124, 136));
    at += BLOCK;
    if (size === undefined || at + size > bytes.length) throw new ArchiveError("it ends within a file");
    const path = collector.enter(nameOf(header));
    if (path !== undefined && FILE_TYPES.has(String.fromCharCode(header[156]!))) {
      collector.add(path, bytes.subarray(at, at + size));
    }
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
}

function nameOf(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  const isUstar = text(header.subarray(257, 262)) === "ustar";
  const prefix = isUstar ? text(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function text(field: Uint8Array): string {
  const end = field.indexOf(NUL);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Returns a number of octal digits; undefined for anything else, such as the binary sizes of files beyond 8 GiB. */
function octal(field: Uint8Array): number | undefined {
  const digits = text(field).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** The checksum is the sum of the header's bytes, its own eight taken as spaces. */
function hasChecksum(header: Uint8Array): boolean {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? SPACE : header[at]!;
  return octal(header.subarray(148, 156)) === sum;
}
