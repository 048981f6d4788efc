import { formatBytes, formatDuration } from "../../base/mod.ts";
import type { CertificateStatus } from "../../certificates/mod.ts";
import type { HostSample, MountSample } from "../../metrics/mod.ts";
import type { Condition } from "../../part/mod.ts";
import type { BoxConfig } from "./config.ts";

const MINUTE_MS = 60_000;
/** So far below a limit, as a share, a value must fall before its problem has an end. */
const SLACK = 0.02;
const SLACK_CELSIUS = 5;
/** From here on a disk is critical: databases stop, logs are lost. */
const FULL = 0.98;
const CRITICAL_CELSIUS = 10;

/** Returns what is to be watched of a file system: whether it answers, its space, its file nodes, and whether it can still be written. */
export function mountConditions(
  mount: MountSample,
  { disk, hold: holdMs }: BoxConfig,
  wasWritable: boolean,
): Condition[] {
  const { mountPoint, isReadOnly, fsType, problem, totalBytes, freeBytes, availableBytes } = mount;
  const subject = `disk ${mountPoint}`;
  const readOnly: Condition = {
    key: `box/read-only${mountPoint}`,
    severity: "critical",
    subject,
    state: "read-only",
    reason:
      "the kernel no longer writes to it, most often because the disk or SD card fails: save what is on it, and look at dmesg",
    isOver: isReadOnly && wasWritable,
  };
  const silent: Condition = {
    key: `box/mount${mountPoint}`,
    severity: "warning",
    subject,
    state: "silent",
    reason: `${fsType} does not answer (${problem}): is its server or its disk there? Programs that touch it hang`,
    isOver: problem !== undefined,
    holdMs,
  };
  if (disk === undefined || isReadOnly || !totalBytes || freeBytes === undefined || availableBytes === undefined)
    return [readOnly, silent];
  const usedBytes = totalBytes - freeBytes;
  const { files = 0, filesFree = 0 } = mount;
  return [
    readOnly,
    silent,
    {
      // As df counts: blocks reserved for root are neither used nor available.
      ...full(`box/disk${mountPoint}`, usedBytes / Math.max(1, usedBytes + availableBytes), disk, holdMs),
      subject,
      reason: `${formatBytes(availableBytes)} of ${formatBytes(totalBytes)} are left: du -xh ${mountPoint} | sort -h | tail shows what is big`,
    },
    {
      ...full(`box/files${mountPoint}`, files > 0 ? 1 - filesFree / files : 0, disk, holdMs),
      subject: `file nodes of ${mountPoint}`,
      reason: `it has room, but soon for no more files: du -x --inodes ${mountPoint} | sort -n | tail shows where they are`,
    },
  ];
}

function full(key: string, share: number, limitPercent: number, holdMs: number) {
  return {
    key,
    severity: share >= FULL ? ("critical" as const) : ("warning" as const),
    // As df rounds.
    state: `${Math.ceil(share * 100)} % full`,
    isOver: share * 100 >= limitPercent,
    isClear: share < limitPercent / 100 - SLACK,
    holdMs,
  };
}

/** Returns what is to be watched of memory, temperature and power. */
export function hostConditions(host: HostSample, before: HostSample | undefined, config: BoxConfig): Condition[] {
  return [
    ...memoryConditions(host, config),
    ...stallConditions(host, before, config),
    ...temperatureConditions(host, config),
    ...powerConditions(host, config.underVoltage),
  ];
}

function memoryConditions(host: HostSample, { memory: limitPercent, hold: holdMs }: BoxConfig): Condition[] {
  const { memoryTotalBytes: total, memoryAvailableBytes: available, limits } = host;
  const isLimited = limits.memoryLimitBytes !== undefined;
  const all = limits.memoryLimitBytes ?? total;
  const used = isLimited
    ? limits.memoryUsedBytes
    : total !== undefined && available !== undefined
      ? total - available
      : undefined;
  if (limitPercent === undefined || all === undefined || used === undefined || all <= 0) return [];
  const share = used / all;
  return [
    {
      key: "box/memory",
      severity: "warning",
      subject: "memory",
      state: `${Math.round(share * 100)} % used`,
      reason: `${formatBytes(Math.max(0, all - used))} of ${formatBytes(all)}${isLimited ? " that it may use" : ""} are left, and the kernel will end a program when there is none: ps aux --sort=-rss | head shows who has it`,
      isOver: share * 100 >= limitPercent,
      isClear: share < limitPercent / 100 - SLACK,
      holdMs,
    },
  ];
}

const STALLED = "memory_stalled";

/** Of Linux's pressure stall information: where programs thrash long before memory is used up. */
function stallConditions(
  host: HostSample,
  before: HostSample | undefined,
  { memoryStall: limitPercent, hold: holdMs }: BoxConfig,
): Condition[] {
  const [now, earlier] = [host.pressure.get(STALLED), before?.pressure.get(STALLED)];
  const seconds = (host.atMs - (before?.atMs ?? host.atMs)) / 1000;
  if (limitPercent === undefined || now === undefined || earlier === undefined || seconds <= 0) return [];
  const percent = Math.round(((now - earlier) / seconds) * 100);
  return [
    {
      key: "box/memory-stall",
      severity: "warning",
      subject: "memory",
      state: "scarce",
      reason: `programs stood still for ${percent} % of the time, as the kernel looked for memory: ps aux --sort=-rss | head shows who has it`,
      isOver: percent >= limitPercent,
      isClear: percent < limitPercent / 2,
      holdMs,
    },
  ];
}

function temperatureConditions(host: HostSample, { temperature: limit, hold: holdMs }: BoxConfig): Condition[] {
  const { temperatureCelsius: celsius, temperatureSensor: sensor = "" } = host;
  if (limit === undefined || celsius === undefined) return [];
  return [
    {
      key: "box/temperature",
      severity: celsius >= limit + CRITICAL_CELSIUS ? "critical" : "warning",
      subject: "temperature",
      state: `${Math.round(celsius)} °C`,
      reason: `${sensor} is above ${limit} °C: ${COOLING}`,
      isOver: celsius >= limit,
      isClear: celsius < limit - SLACK_CELSIUS,
      holdMs,
    },
  ];
}

export const POWER =
  "use the power supply that the board's maker names (5 V with 3 A or more) and a short cable, and a powered hub for disks";
export const COOLING = "cool the processor: a heat sink or a fan, and room for air around the board";

function powerConditions({ throttling }: HostSample, isWatched: boolean): Condition[] {
  const state = throttling?.find(({ cause }) => cause === "under-voltage");
  if (!isWatched || state === undefined) return [];
  return [
    {
      key: "box/under-voltage",
      severity: "warning",
      subject: "power supply",
      state: "too weak",
      reason: `the board gets less than it needs, is slowed down, and may damage its SD card: ${POWER}`,
      isOver: state.isNow,
      clearMs: 5 * MINUTE_MS,
    },
  ];
}

/** Returns whether a certificate is valid, and whether its renewal fails. */
export function certificateConditions(certificate: CertificateStatus): Condition[] {
  const { names, state, daysLeft, lastError, issuer } = certificate;
  const name = names[0] ?? issuer;
  const why = lastError === undefined ? "" : `: ${lastError.message}${lastError.fix ? `: ${lastError.fix}` : ""}`;
  const isWrong = state === "expired" || state === "not-yet-valid";
  return [
    {
      key: `certificate/${name}`,
      severity: isWrong ? "critical" : "warning",
      subject: `certificate of ${name}`,
      state: isWrong
        ? state.replaceAll("-", " ")
        : daysLeft === undefined
          ? "missing"
          : `valid for ${daysLeft} more ${daysLeft === 1 ? "day" : "days"}`,
      reason: isWrong && why === "" ? "is the clock right?" : `${issuer} did not issue it${why}`,
      // One renewal that fails is asked again long before anybody notices.
      isOver: isWrong || (lastError !== undefined && lastError.failures >= 3),
      isClear: !isWrong && lastError === undefined,
    },
  ];
}

/** Returns that the kernel has ended a program for want of memory, for an hour. */
export function outOfMemoryCondition(sinceMs: number | undefined, nowMs: number): Condition {
  return {
    key: "box/out-of-memory",
    severity: "warning",
    subject: "memory",
    state: "used up",
    reason: `the kernel ended a program for want of memory ${formatDuration(Math.max(0, nowMs - (sinceMs ?? nowMs)))} ago: journalctl -k | grep -i 'out of memory' names it`,
    isOver: sinceMs !== undefined && nowMs - sinceMs < 60 * MINUTE_MS,
  };
}
