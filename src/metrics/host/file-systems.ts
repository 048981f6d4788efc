import type { HostFiles } from "./files.ts";
import { type Mount, type MountSources, readMounts, type StatFs, shownMounts, sizesOf } from "./mounts.ts";

/** A file system that holds data, and how full it is: as df(1) shows it. */
export interface FileSystem extends Mount {
  /** Undefined while it does not answer. */
  readonly sizes: FileSystemSizes | undefined;
}

export interface FileSystemSizes {
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** To programs that do not run as root. */
  readonly availableBytes: number;
  /** Of used and available, 0 to 1: blocks reserved for root are neither. */
  readonly usedShare: number;
  /** Of the file nodes; undefined on file systems that have no fixed number of them, such as btrfs. */
  readonly usedFilesShare: number | undefined;
}

/** In memory: full of what is running, and empty after a start. */
const IN_MEMORY = new Set(["tmpfs", "ramfs"]);

/**
 * Reads the file systems of disks and servers, each once, at the mount point with the shortest path: a container's or a bind mount shows
 * the same one again. One that hangs delays the others by a second at most.
 */
export async function readFileSystems(files: HostFiles, sources: MountSources): Promise<FileSystem[]> {
  const byDevice = new Map<string, Mount>();
  const mounts = readMounts(files) ?? [];
  // Of several mounts over each other, the last one is visible. A container's root is shown though its type is not.
  const root = mounts.findLast(({ mountPoint }) => mountPoint === "/");
  for (const mount of [...(root ? [root] : []), ...shownMounts(mounts, sources)]) {
    const before = byDevice.get(mount.device);
    if (IN_MEMORY.has(mount.fsType) || (before && before.mountPoint.length <= mount.mountPoint.length)) continue;
    byDevice.set(mount.device, mount);
  }
  const all = [...byDevice.values()].sort((one, other) => (one.mountPoint < other.mountPoint ? -1 : 1));
  const read = await Promise.all(
    all.map(async (mount) => {
      const result = await sizesOf(mount, sources);
      return { ...mount, sizes: "value" in result ? shares(result.value) : undefined };
    }),
  );
  // Such as a FUSE mount without blocks: nothing can be full there.
  return read.filter(({ sizes }) => sizes === undefined || sizes.totalBytes > 0);
}

function shares({ bsize, blocks, bfree, bavail, files, ffree }: StatFs): FileSystemSizes {
  const used = blocks - bfree;
  return {
    totalBytes: blocks * bsize,
    usedBytes: used * bsize,
    availableBytes: bavail * bsize,
    usedShare: used + bavail > 0 ? used / (used + bavail) : 0,
    usedFilesShare: files > 0 ? (files - ffree) / files : undefined,
  };
}
