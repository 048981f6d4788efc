import type { HostFiles } from "./files.ts";
import { type Mount, type MountSources, readMounts, reason, sizesOf } from "./mounts.ts";
import type { HostBounds } from "./per-device.ts";

/** A mounted file system; sizes are undefined where it did not answer. */
export interface MountSample extends Mount {
  /** Why there are no sizes: `mountpoint timeout`, or a code such as `EACCES`. */
  readonly problem?: string;
  readonly totalBytes?: number;
  /** Not in use; {@link availableBytes} is less where some of it is reserved for root. */
  readonly freeBytes?: number;
  readonly availableBytes?: number;
  /** Files that there can be, 0 where the file system sets no limit. */
  readonly files?: number;
  readonly filesFree?: number;
}

/** Containers' engines mount single files over these. */
const SINGLE_FILES = /^\/etc\/(hosts|hostname|resolv\.conf)$/;

/** Reads the sizes of the mounts that a person would look at, in parallel, each with its timeout. */
export async function readMountTable(
  files: HostFiles,
  sources: MountSources,
  { maxMounts }: HostBounds,
): Promise<readonly MountSample[]> {
  const shown = shownMounts(readMounts(files, sources.mountedRoot) ?? [], sources).slice(0, maxMounts);
  return Promise.all(
    shown.map(async (mount): Promise<MountSample> => {
      const sizes = await sizesOf(mount, sources);
      if ("failure" in sizes) return { ...mount, problem: reason(sizes.failure) };
      const { bsize, blocks, bfree, bavail, files: all, ffree } = sizes.value;
      return {
        ...mount,
        totalBytes: blocks * bsize,
        freeBytes: bfree * bsize,
        availableBytes: bavail * bsize,
        files: all,
        filesFree: ffree,
      };
    }),
  );
}

/**
 * Returns `/`, whatever it is, then every mount that the scrape has and that holds somebody's files: of several mounts of one
 * device the one with the shortest path, and no memory of the system below /run.
 */
export function shownMounts(mounts: readonly Mount[], { excludedMountPoints, excludedFsTypes }: MountSources): Mount[] {
  const root = mounts.findLast(({ mountPoint }) => mountPoint === "/");
  const found = new Map<string, Mount>(root === undefined ? [] : [[keyOf(root), root]]);
  for (const mount of mounts) {
    const { mountPoint, fsType } = mount;
    if (mountPoint === "/" || excludedMountPoints.test(mountPoint) || excludedFsTypes.test(fsType)) continue;
    if (SINGLE_FILES.test(mountPoint) || (fsType === "tmpfs" && /^\/run(\/|$)/.test(mountPoint))) continue;
    const known = found.get(keyOf(mount));
    if (known === undefined || mountPoint.length < known.mountPoint.length) found.set(keyOf(mount), mount);
  }
  return [...found.values()];
}

/** Devices have a path or a server's name; others, such as `tmpfs`, share one word. */
function keyOf({ device, mountPoint }: Mount): string {
  return /[/:]/.test(device) ? device : `${device} ${mountPoint}`;
}
