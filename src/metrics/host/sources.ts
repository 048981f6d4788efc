import { statfsSync } from "node:fs";
import { machine as machineOfSystem } from "node:os";
import { join } from "node:path";
import { type CgroupReader, openCgroup } from "../../limits/mod.ts";
import { blockingThreads } from "./blocking.ts";
import { type HostFiles, hostFiles } from "./files.ts";
import type { StatFs } from "./mounts.ts";
import { HOST_BOUNDS, type HostBounds } from "./per-device.ts";
import { openThermometer, type Thermometer } from "./thermometer.ts";
import { type HostTimeouts, processTimeouts } from "./timed-calls.ts";

/** Where the host's metrics are read, and which devices a scrape leaves out. */
export interface HostOptions {
  /** Folder that holds `proc`, `sys`, `etc` and `run`. @default {"/"} */
  readonly root?: string;
  /** In a container: where the machine's own root is mounted, whose mounts are then told, under their own paths. @default {nowhere} */
  readonly mountedRoot?: string;
  /** Ours, for `node_exporter_build_info`. @default {""} */
  readonly version?: string;
  /** The processor's name. @default the name from `uname -m` */
  readonly machine?: string;
  /** Returns a mount's sizes without blocking the main thread. @default a thread that may hang */
  readonly statfs?: (mountPoint: string) => Promise<StatFs>;
  /** The same, synchronously: for `/` on a file system that has the answer in memory. @default the runtime's */
  readonly statfsNow?: (mountPoint: string) => StatFs;
  /** Timeouts of mounts and devices. @default a second each, shared by this process */
  readonly timeouts?: HostTimeouts;
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Mount points that are left out. @default node_exporter's */
  readonly excludedMountPoints?: RegExp;
  /** Types of file systems that are left out. @default node_exporter's */
  readonly excludedFsTypes?: RegExp;
  /** Disks that are left out. @default node_exporter's: partitions and loops */
  readonly excludedDisks?: RegExp;
  /** Network devices whose traffic is left out. @default Debian's: `lo` */
  readonly excludedNetworkDevices?: RegExp;
  /** How many processors, devices and mounts each second's sample keeps apart. @default {16, 8 and 16} */
  readonly bounds?: HostBounds;
}

export const EXCLUDED_MOUNT_POINTS =
  "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";
/** Mounts of pods, which a node of Kubernetes has beside those. */
const EXCLUDED_OF_PODS = "^/(run/(k3s/)?containerd|var/lib/kubelet/(pods|plugins))/.+";
export const EXCLUDED_FS_TYPES =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$";
export const EXCLUDED_DISKS = "^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$";
export const EXCLUDED_NETWORK_DEVICES = "^lo$";

/** Opened once, and shared by the sample of each second and the scrape. */
export interface HostSources extends Required<Omit<HostOptions, "root">> {
  readonly files: HostFiles;
  readonly cgroup: CgroupReader;
  readonly thermometer: Thermometer;
}

export function openSources({
  root,
  mountedRoot = "",
  version = "",
  machine = machineOfSystem(),
  statfs = (mountPoint) => blockingThreads.statfs(mountPoint),
  statfsNow = statfsSync,
  timeouts = processTimeouts(),
  now = Date.now,
  excludedMountPoints = new RegExp(
    mountedRoot === "" ? EXCLUDED_MOUNT_POINTS : `${EXCLUDED_MOUNT_POINTS}|${EXCLUDED_OF_PODS}`,
  ),
  excludedFsTypes = new RegExp(EXCLUDED_FS_TYPES),
  excludedDisks = new RegExp(EXCLUDED_DISKS),
  excludedNetworkDevices = new RegExp(EXCLUDED_NETWORK_DEVICES),
  bounds = HOST_BOUNDS,
}: HostOptions): HostSources {
  const files = hostFiles(root, timeouts.devices);
  const opened = { files, cgroup: openCgroup(files), thermometer: openThermometer(files) };
  const excluded = { excludedMountPoints, excludedFsTypes, excludedDisks, excludedNetworkDevices };
  const below = (mountPoint: string) => (mountedRoot === "" ? mountPoint : join(mountedRoot, mountPoint));
  return {
    ...opened,
    ...excluded,
    mountedRoot,
    version,
    machine,
    statfs: (mountPoint) => statfs(below(mountPoint)),
    statfsNow: (mountPoint) => statfsNow(below(mountPoint)),
    timeouts,
    now,
    bounds,
  };
}
