/** The host: node_exporter's metrics of it for a scrape, and a sample of plain numbers for each second. */

export { type FileFacts, fileFacts } from "./blocking.ts";
export { type Host, openHost } from "./host.ts";
export type { MountSample } from "./mount-table.ts";
export type { StatFs } from "./mounts.ts";
export type { HostBounds } from "./per-device.ts";
export type { Throttling } from "./raspberry.ts";
export { busyRatio, type HostSample } from "./sampler.ts";
export {
  EXCLUDED_DISKS,
  EXCLUDED_FS_TYPES,
  EXCLUDED_MOUNT_POINTS,
  EXCLUDED_NETWORK_DEVICES,
  type HostOptions,
} from "./sources.ts";
export type { CpuTimes } from "./stat.ts";
export { type HostTimeouts, TimedCalls, type TimedCallsOptions } from "./timed-calls.ts";
