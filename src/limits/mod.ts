/** Layer 1: what this process may use by its cgroups (a container's, a service's), and the sizes that follow. */
export { type CgroupLimits, type CgroupReader, openCgroup } from "./cgroup.ts";
export { numberOf, unescaped } from "./cgroup-files.ts";
export {
  availableBytes,
  eventLoops,
  fittingSize,
  isMemoryScarce,
  limitFields,
  memoryShare,
  type ProcessLimits,
  processLimits,
  readLimits,
  usableCores,
} from "./limits.ts";
