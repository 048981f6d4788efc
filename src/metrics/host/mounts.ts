import { unescaped } from "../../limits/mod.ts";
import type { FamilyBuilder } from "../family-builder.ts";
import type { HostFiles } from "./files.ts";
import type { HostSources } from "./sources.ts";
import { type CallResult, resultOf } from "./timed-calls.ts";

/** A line of /proc/self/mountinfo. */
export interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  readonly fsType: string;
  readonly isReadOnly: boolean;
}

/** The result of statfs(2): sizes in blocks of `bsize` bytes. */
export interface StatFs {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/**
 * proc_pid_mountinfo(5): `id parent major:minor root mount-point options tags… - type device super-options`. Spaces and
 * the like are escaped as a backslash and three octal digits; bytes that are not UTF-8 have become U+FFFD.
 */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const [before = "", after] = line.split(" - ", 2);
    const [, , , , mountPoint, options = ""] = before.split(" ");
    const [fsType, device, superOptions = ""] = after?.split(" ") ?? [];
    if (mountPoint === undefined || fsType === undefined || device === undefined) continue;
    const flags = [...options.split(","), ...superOptions.split(",")];
    mounts.push({
      device: unescaped(device),
      mountPoint: unescaped(mountPoint),
      fsType,
      isReadOnly: flags.includes("ro") || flags.includes("emergency_ro"),
    });
  }
  return mounts;
}

/** The part of the host's sources that reads mounts. */
export type MountSources = Pick<
  HostSources,
  "mountedRoot" | "excludedMountPoints" | "excludedFsTypes" | "statfs" | "statfsNow" | "timeouts"
>;

/** File systems that keep their number of free blocks in memory, and answer without asking a device. */
const COUNTED_IN_MEMORY = new Set(["ext2", "ext3", "ext4", "f2fs", "tmpfs", "ramfs"]);

/**
 * Returns a mount's sizes, or why there are none. `/` on a file system that answers from memory is read on the main thread, so
 * that it is known even while other mounts hold all the threads. No other mount is: its path lookup may hang.
 */
export function sizesOf(
  { mountPoint, fsType }: Pick<Mount, "mountPoint" | "fsType">,
  { statfs, statfsNow, timeouts }: MountSources,
): Promise<CallResult<StatFs>> {
  return mountPoint === "/" && COUNTED_IN_MEMORY.has(fsType)
    ? resultOf(async () => statfsNow(mountPoint))
    : timeouts.mounts.run(mountPoint, () => statfs(mountPoint));
}

/**
 * Returns the mounts of the host's first process; where these are hidden, our own. A container has no such process, but its own
 * mounts include the host's, where the host's root is mounted in it: these are returned under the paths that they have there.
 *
 * @param mountedRoot where it is mounted; "" for nowhere
 */
export function readMounts(files: HostFiles, mountedRoot: string): Mount[] | undefined {
  const ofFirst = mountedRoot === "" ? files.text("/proc/1/mountinfo") : undefined;
  const text = ofFirst ?? files.text("/proc/self/mountinfo");
  if (text === undefined) return undefined;
  const mounts = parseMountinfo(text);
  return mountedRoot === "" ? mounts : mounts.flatMap((mount) => hostMount(mount, mountedRoot));
}

function hostMount(mount: Mount, mountedRoot: string): Mount[] {
  if (!`${mount.mountPoint}/`.startsWith(`${mountedRoot}/`)) return [];
  return [{ ...mount, mountPoint: mount.mountPoint.slice(mountedRoot.length) || "/" }];
}

/**
 * Adds every mount that is not excluded, each with a timeout. A mount that does not answer in time is reported as such
 * (`node_filesystem_device_error` 1, with the reason) and does not delay the others.
 */
export async function addFilesystems(
  builder: FamilyBuilder,
  mounts: readonly Mount[],
  sources: MountSources,
): Promise<void> {
  const { excludedMountPoints, excludedFsTypes } = sources;
  const shown = mounts.filter(
    ({ mountPoint, fsType }) => !excludedMountPoints.test(mountPoint) && !excludedFsTypes.test(fsType),
  );
  const sizes = new Map<string, Promise<CallResult<StatFs>>>();
  for (const mount of shown) {
    if (!sizes.has(mount.mountPoint)) sizes.set(mount.mountPoint, sizesOf(mount, sources));
  }
  for (const mount of shown) addFilesystem(builder, mount, await sizes.get(mount.mountPoint)!);
}

function addFilesystem(builder: FamilyBuilder, mount: Mount, result: CallResult<StatFs>): void {
  const { device, fsType: fstype, mountPoint: mountpoint } = mount;
  const failure = "failure" in result ? result.failure : undefined;
  const labels = { device, fstype, mountpoint, ...(failure === undefined ? {} : { device_error: reason(failure) }) };
  const add = (name: string, help: string, value: number) =>
    builder.add("gauge", `node_filesystem_${name}`, help, value, labels);
  add(
    "device_error",
    "Whether an error occurred while getting statistics for the given device.",
    failure === undefined ? 0 : 1,
  );
  add("readonly", "Filesystem read-only status.", mount.isReadOnly ? 1 : 0);
  if ("failure" in result) return;
  const { bsize, blocks, bfree, bavail, files, ffree } = result.value;
  add("size_bytes", "Filesystem size in bytes.", blocks * bsize);
  add("free_bytes", "Filesystem free space in bytes.", bfree * bsize);
  add("avail_bytes", "Filesystem space available to non-root users in bytes.", bavail * bsize);
  add("files", "Filesystem total file nodes.", files);
  add("files_free", "Filesystem total free file nodes.", ffree);
}

/** Returns one of a closed set of reasons; the first is node_exporter's wording. */
export function reason(failure: string): string {
  if (failure === "timeout") return "mountpoint timeout";
  return /^(E[A-Z0-9]+|no free thread)$/.test(failure) ? failure : "error";
}
