import type { CertificateStatus } from "../../certificates/mod.ts";
import type { Host, HostSample } from "../../metrics/mod.ts";
import { Conditions, type Problem } from "../../part/mod.ts";
import type { BoxConfig } from "./config.ts";
import { certificateConditions, hostConditions, mountConditions, outOfMemoryCondition } from "./readings.ts";

export interface BoxWatchOptions {
  readonly config: () => BoxConfig;
  /** Returns the sample of the last second; undefined before the first. */
  readonly sample: () => HostSample | undefined;
  readonly host: Pick<Host, "oomKills">;
  readonly certificates: () => readonly CertificateStatus[];
  /** @default {2000} */
  readonly everyMs?: number;
  readonly nowMs?: () => number;
}

export interface BoxWatch {
  problems(): readonly Problem[];
  /** Returns keys of problems of which nothing is known yet. */
  undecided(): readonly string[];
  /** Returns whether it looks at what such a problem is about. */
  watches(key: string): boolean;
  /** Looks now. */
  look(): void;
  stop(): void;
}

const EVERY_MS = 2000;

/** Looks at the machine again and again: disks, memory, temperature, power, certificates. */
export function startBoxWatch(options: BoxWatchOptions): BoxWatch {
  const { config, sample, certificates, everyMs = EVERY_MS, nowMs = Date.now } = options;
  const conditions = new Conditions();
  const writable = new Set<string>();
  let [oomKills, oomSinceMs]: (number | undefined)[] = [undefined, undefined];
  let before: HostSample | undefined;

  function countKills(): void {
    const now = options.host.oomKills();
    if (now !== undefined && oomKills !== undefined && now > oomKills) oomSinceMs = nowMs();
    oomKills = now ?? oomKills;
  }
  function look(): void {
    const [settings, host] = [config(), sample()];
    // A busy machine may not have taken another sample: two that are the same tell no rate.
    if (host !== undefined && host === before) return;
    const mounts = host?.mounts ?? [];
    for (const { mountPoint, isReadOnly } of mounts) if (!isReadOnly) writable.add(mountPoint);
    countKills();
    conditions.take(
      [
        ...mounts.flatMap((each) => mountConditions(each, settings, writable.has(each.mountPoint))),
        ...(host === undefined ? [] : hostConditions(host, before, settings)),
        ...(settings.outOfMemory ? [outOfMemoryCondition(oomSinceMs, nowMs())] : []),
        ...(settings.certificates ? certificates().flatMap(certificateConditions) : []),
      ],
      nowMs(),
    );
    before = host;
  }
  const timer = setInterval(look, everyMs);
  timer.unref();
  look();
  return {
    problems: () => conditions.problems,
    undecided: () => conditions.undecided,
    watches: (key) => conditions.watches(key),
    look,
    stop: () => clearInterval(timer),
  };
}
