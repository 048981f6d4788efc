import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../base/mod.ts";
import type { Family } from "../../metrics/mod.ts";
import type { LoadedConfig } from "../config/mod.ts";
import { dataFolderOf } from "../persistence/mod.ts";
import { claimInstanceName, type InstanceName } from "./instance-name.ts";
import { type Push, startPush } from "./push.ts";
import type { PushTarget } from "./target.ts";

/** How long a stop waits for the metrics of workers. */
const LAST_PUSH_TIMEOUT_MS = 1000;

export interface PushingOptions {
  readonly push?: {
    readonly target: PushTarget;
    readonly everyMs?: number;
    /** Override those of the configuration. */
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** The data folder when the configuration names none. */
  readonly dataFolder?: string;
}

/** The push of an instance, which ends while another process pushes under its name. */
export interface Pushing {
  /** Does nothing where nothing is to be pushed. */
  begin(): Promise<void>;
  /** Counters in workers end with them, so that they are pushed before; a worker that hangs must not hold up the stop. */
  beforeStop(): Promise<void>;
  end(): Promise<void>;
}

export function pushingOf(
  loaded: LoadedConfig,
  options: PushingOptions,
  { log, read }: { readonly log: Log; readonly read: () => Promise<readonly Family[]> },
): Pushing {
  let push: Push | undefined;
  let instanceName: InstanceName | undefined;
  return {
    async begin() {
      if (options.push === undefined || push !== undefined) return;
      const labelled = await pushLabels(loaded, options, log);
      instanceName = labelled.instanceName;
      push = startPush({ ...options.push, labels: labelled.labels, read });
    },
    async beforeStop() {
      if (push !== undefined) await Promise.race([push.now(), sleep(LAST_PUSH_TIMEOUT_MS, undefined, { ref: false })]);
    },
    async end() {
      await push?.end();
      instanceName?.release();
      push = instanceName = undefined;
    },
  };
}

/** Returns the labels of all pushed series, with an instance name unless the configuration has one. */
async function pushLabels(
  loaded: LoadedConfig,
  { push, dataFolder }: PushingOptions,
  log: Log,
): Promise<{ readonly instanceName?: InstanceName; readonly labels: Readonly<Record<string, string>> }> {
  const labels = { ...loaded.config.push.labels, ...push?.labels };
  if (push === undefined || labels.instance !== undefined) return { labels };
  const instanceName = await claimInstanceName(dataFolderOf(loaded, dataFolder), log);
  log.info("pushing", { to: push.target.shown, instance: instanceName.name });
  return { instanceName, labels: { instance: instanceName.name, ...labels } };
}
