export { dataFolderOf, usualDataFolder } from "./data-folder.ts";
export { openRecords, type Records } from "./persistence.ts";
export { type KeptRun, openRuns, RunKeeper, type RunKeeperOptions } from "./run-recorder.ts";
export { type FinishedRun, type RunLine, type RunSeries, Runs, readFinishedRun } from "./runs.ts";
