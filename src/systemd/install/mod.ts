/** What `tenk install` makes, and `tenk uninstall` takes back. */
export type { WantedFile } from "./files.ts";
export { DATA_FOLDER, PING_SETTING, planInstall, SERVICE_FILE, SOCKET_FILE, type WantedInstall } from "./install.ts";
export { Machine, type Run } from "./machine.ts";
export { MANIFEST, type Made, readManifest } from "./manifest.ts";
export type { Plan, Step } from "./step.ts";
export { takeSteps } from "./take-steps.ts";
export { planUninstall } from "./uninstall.ts";
