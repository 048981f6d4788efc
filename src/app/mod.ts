/** Layer 6: starts, reloads and stops the parts of a configuration, monitoring, persistence and the admin server. */
export { type Address, formatAddress, isPortOurs, parseAddress, type StatusTable } from "../part/mod.ts";
export { checkDashboard, findToken, type LogLine, processLog, readTokenOf, sharedToken } from "./admin/mod.ts";
export {
  type CaddyfileProblem,
  type CaddyfileSources,
  type ImportedCaddyfile,
  importCaddyfile,
} from "./caddyfile/mod.ts";
export {
  type Config,
  configJsonSchema,
  effectiveSettings,
  heldAddresses,
  type JsonSchema,
  type LoadedConfig,
  loadConfig,
  loadConfigAgain,
  migrateFile,
  parseConfig,
  type Setting,
} from "./config/mod.ts";
export { type DashboardFilesOptions, dashboardFiles } from "./dashboards/mod.ts";
export { type Instance, type ListenerAddress, up } from "./instance.ts";
export { libraryTypes } from "./library-types.ts";
export type { HostStatus, LimitsStatus, Status } from "./monitoring/mod.ts";
export { PARTS } from "./part-list.ts";
export {
  dataFolderOf,
  type FinishedRun,
  instanceAccess,
  type KeptRun,
  openRuns,
  type RunLine,
  RunRecorder,
  type RunRecorderOptions,
  type RunSeries,
  Runs,
  requestJson,
  usualDataFolder,
} from "./persistence/mod.ts";
export { loadFamilies, type Push, type PushOptions, type PushTarget, pushTarget, startPush } from "./push/mod.ts";
export { checkParts } from "./running-parts.ts";
export { Predecessor, type UpgradeStatus, Upgrades } from "./upgrade/mod.ts";
export { COMMIT, VERSION } from "./version.ts";
