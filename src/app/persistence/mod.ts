export { dataFolderOf, usualDataFolder } from "./data-folder.ts";
export { type InstanceAddress, instanceAccess } from "./instance-access.ts";
export { type JsonResult, requestJson } from "./instance-request.ts";
export { openPersistence, openStore, type Persistence } from "./persistence.ts";
export { type KeptRun, openRuns, RunRecorder, type RunRecorderOptions } from "./run-recorder.ts";
export { type FinishedRun, type RunLine, type RunSeries, Runs, readFinishedRun } from "./runs.ts";
