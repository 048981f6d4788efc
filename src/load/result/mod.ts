/** What became of a run: its report, its snapshots, the counters of the target. */
export { readInstanceStats, statsProblemText, TargetStats } from "./instance-stats.ts";
export { makeReport, type Result, sentCounts } from "./make-report.ts";
export { SnapshotMaker } from "./make-snapshot.ts";
export { CpuMeter, IdleMeter, isIdleJudged, SATURATION } from "./saturation.ts";
