import { ArchiveError, type ArchiveFiles, type ArchiveLimits, FileCollector, gunzip } from "./archive.ts";
import { isTar, readTar } from "./tar.ts";
import { isZip, readZip } from "./zip.ts";

/**
 * Reads the wanted files of an archive, whatever its name says it is: tar, tar.gz or zip.
 *
 * @throws {ArchiveError}
 */
export function readArchive(
  bytes: Uint8Array,
  limits: ArchiveLimits,
  isWanted: (path: string) => boolean,
): ArchiveFiles {
  const collector = new FileCollector(limits, isWanted);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = isGzip ? gunzip(bytes, limits.maxTotalBytes) : bytes;
  if (isZip(plain)) readZip(plain, collector);
  else if (isTar(plain)) readTar(plain, collector);
  else throw new ArchiveError("it is neither a zip nor a tar file");
  return collector.files;
}
