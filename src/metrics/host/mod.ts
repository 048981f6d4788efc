/** The host: node_exporter's metrics of it for a scrape, and a sample of plain numbers for each second. */

export type { CgroupLimits } from "./cgroup.ts";
export {
  EXCLUDED_DISKS,
  EXCLUDED_NETWORK_DEVICES,
  type HostCollector,
  type HostCollectorOptions,
  hostCollector,
} from "./host.ts";
export { EXCLUDED_FS_TYPES, EXCLUDED_MOUNT_POINTS, type StatFs } from "./mounts.ts";
export type { Throttling } from "./raspberry.ts";
export { busyRatio, type HostReader, type HostReaderOptions, type HostSample, openHostReader } from "./reader.ts";
export type { CpuTimes } from "./stat.ts";
export { type HostTimeouts, TimedCalls, type TimedCallsOptions } from "./timed-calls.ts";
