import type { CertificateStatus } from "../../certificates/mod.ts";
import type { HostStatus, LimitsStatus, MountStatus } from "../../dash/mod.ts";
import type { HostSample, ProcessSample } from "../../metrics/mod.ts";
import type { Problem, PublicService } from "../../part/mod.ts";
import type { UpgradeStatus } from "../upgrade/mod.ts";
import { throttlingStatus } from "./throttling.ts";

/** The body of `/api/status`. A field is null when the system does not tell it. */
export interface Status {
  /** The version of tenk. */
  readonly tenk: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly process: {
    readonly pid: number;
    /** User and system, since the process started, over all its threads. */
    readonly cpuSeconds: number;
    readonly rssBytes: number | null;
    /** Resident memory without file pages and shared pages. */
    readonly anonymousBytes: number | null;
    readonly openDescriptors: number | null;
    readonly maxDescriptors: number | null;
    /** Of the main thread, over about the last minute. */
    readonly eventLoopLagP99Us: number;
  };
  readonly host: HostStatus;
  /** Null when nothing limits the process to less than the machine. */
  readonly limits: LimitsStatus | null;
  /** As declared in the configuration. */
  readonly services: readonly PublicService[];
  /** What is not well now, on the box and in all parts. */
  readonly problems: readonly Problem[];
  /** Keys of problems of which nothing is known yet, as after a start; `service/*` is all that begin so. */
  readonly undecided: readonly string[];
  /** Those that listeners serve or wait for. */
  readonly certificates: readonly CertificateStatus[];
  /** How the last upgrade without a stop went. */
  readonly upgrade: UpgradeStatus;
  /** The status of each running part, by its name. */
  readonly parts: Readonly<Record<string, unknown>>;
}

export type { HostStatus, LimitsStatus };

export function hostStatus(sample: HostSample | undefined, busy: number | undefined): HostStatus {
  const used = (total: number | undefined, free: number | undefined) =>
    total === undefined || free === undefined ? null : total - free;
  const rootUsedBytes = used(sample?.rootTotalBytes, sample?.rootFreeBytes);
  const rootAvailableBytes = sample?.rootAvailableBytes ?? null;
  return {
    busy: busy ?? null,
    load1: sample?.load1 ?? null,
    memoryUsedBytes: used(sample?.memoryTotalBytes, sample?.memoryAvailableBytes),
    memoryTotalBytes: sample?.memoryTotalBytes ?? null,
    swapUsedBytes: used(sample?.swapTotalBytes, sample?.swapFreeBytes),
    swapTotalBytes: sample?.swapTotalBytes ?? null,
    rootUsedBytes,
    rootAvailableBytes,
    rootTotalBytes: sample?.rootTotalBytes ?? null,
    rootUsedPercent: usedPercent(rootUsedBytes, rootAvailableBytes),
    uptimeSeconds: sample?.uptimeSeconds ?? null,
    temperatureCelsius: sample?.temperatureCelsius ?? null,
    temperatureSensor: sample?.temperatureSensor ?? null,
    throttling: throttlingStatus(sample?.throttling),
    cores: sample?.cpuCount ?? 0,
    mounts: (sample?.mounts ?? []).map(mountStatus),
  };
}

function mountStatus(mount: HostSample["mounts"][number]): MountStatus {
  const { device, mountPoint, fsType, isReadOnly, problem, totalBytes, freeBytes, availableBytes } = mount;
  const usedBytes = totalBytes === undefined || freeBytes === undefined ? null : totalBytes - freeBytes;
  return {
    mountPoint,
    device,
    fsType,
    isReadOnly,
    problem: problem ?? null,
    totalBytes: totalBytes ?? null,
    usedBytes,
    availableBytes: availableBytes ?? null,
    usedPercent: usedPercent(usedBytes, availableBytes ?? null),
    filesUsedPercent: mount.files ? Math.ceil(100 - ((mount.filesFree ?? 0) * 100) / mount.files) : null,
  };
}

/** @param before the sample a second earlier, from which the share in use is computed */
export function limitsStatus(sample: HostSample | undefined, before: HostSample | undefined): LimitsStatus | null {
  const { memoryLimitBytes, memoryUsedBytes, cpuLimitCores: cores, cpuSeconds } = sample?.limits ?? {};
  if (memoryLimitBytes === undefined && cores === undefined) return null;
  const earlier = before?.limits.cpuLimitCores === cores ? before?.limits.cpuSeconds : undefined;
  const seconds = ((sample?.atMs ?? 0) - (before?.atMs ?? 0)) / 1000;
  const isKnown = cores !== undefined && cpuSeconds !== undefined && earlier !== undefined && seconds > 0;
  return {
    memoryBytes: memoryLimitBytes ?? null,
    memoryUsedBytes: memoryUsedBytes ?? null,
    cores: cores ?? null,
    busy: isKnown ? Math.min(1, Math.max(0, (cpuSeconds - earlier) / seconds / cores)) : null,
  };
}

/** Rounds as df(1) does. */
function usedPercent(used: number | null, available: number | null): number | null {
  if (used === null || available === null || used + available <= 0) return null;
  return Math.ceil((used * 100) / (used + available));
}

export function processStatus(sample: ProcessSample, lagP99Ms: number): Status["process"] {
  return {
    pid: process.pid,
    cpuSeconds: sample.cpuUserSeconds + sample.cpuSystemSeconds,
    rssBytes: sample.residentBytes ?? null,
    anonymousBytes: sample.anonymousBytes ?? null,
    openDescriptors: sample.openDescriptors ?? null,
    maxDescriptors: sample.maxDescriptors ?? null,
    eventLoopLagP99Us: Math.round(lagP99Ms * 1000),
  };
}
