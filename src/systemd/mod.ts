/** Layer 4: what tenk and systemd tell each other: readiness, signs of life, log lines; the units, and what `tenk install` makes. */
export {
  DATA_FOLDER,
  MANIFEST,
  Machine,
  type Made,
  PING_SETTING,
  type Plan,
  planInstall,
  planUninstall,
  type Run,
  readManifest,
  type Step,
  takeSteps,
  type WantedFile,
  type WantedInstall,
} from "./install/mod.ts";
export { isJournal, type JournalLevel, withPriority } from "./journal.ts";
export { ServiceManager, type ServiceManagerOptions } from "./service-manager.ts";
export { type HeldAddress, socketUnit } from "./socket-unit.ts";
export { SERVICE, serviceUnit, type UnitOptions } from "./unit.ts";
