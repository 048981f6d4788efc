/** Floor 4: where the parts meet. Configuration → listeners and the status surface → start and stop. */
export { type Address, formatAddress, parseAddress } from "./address.ts";
export { type Box, up } from "./box.ts";
export type { Config, ListenerConfig } from "./config.ts";
export { type LoadedConfig, loadConfig, parseConfig } from "./config-file.ts";
export { type DashboardFilesOptions, dashboardFiles } from "./dashboards/mod.ts";
export { dataFolderOf, usualDataFolder } from "./data-folder.ts";
export { libraryTypes } from "./library-types.ts";
export { checkListeners } from "./listener.ts";
export { loadFamilies } from "./load-families.ts";
export { type LogLine, processLog } from "./log-ring.ts";
export { type Push, type PushOptions, startPush } from "./push.ts";
export { type PushTarget, pushTarget } from "./push-target.ts";
export { type FinishedRun, type RunLine, type RunSeries, Runs } from "./runs.ts";
export { effectiveSettings, type Setting } from "./settings.ts";
export type { HostStatus, ListenerStatus, Status } from "./status.ts";
export { findToken, hashPassword } from "./surface/mod.ts";
export { COMMIT, VERSION } from "./version.ts";
