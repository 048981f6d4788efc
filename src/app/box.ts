import { setTimeout as sleep } from "node:timers/promises";
import { flushOccasional, type Log, logOf, TenkError } from "../base/mod.ts";
import { pageAssets } from "../dash/mod.ts";
import type { Family } from "../metrics/mod.ts";
import type { LoadedConfig } from "./config-file.ts";
import { checkDashboard, Dashboard } from "./dashboard.ts";
import { dataFolderOf } from "./data-folder.ts";
import { logDefaults } from "./defaults.ts";
import { claimInstanceName, type InstanceName } from "./instance-name.ts";
import { saidOf } from "./listener.ts";
import { Listeners } from "./listeners.ts";
import { processLog } from "./log-ring.ts";
import { watchModules } from "./module-watch.ts";
import { startPush } from "./push.ts";
import type { PushTarget } from "./push-target.ts";
import { startReadings } from "./readings.ts";
import { openRecords, type Records } from "./records.ts";
import type { ListenerStatus, Status } from "./status.ts";
import { LiveRun, LiveStreams } from "./surface/mod.ts";
import { VERSION } from "./version.ts";

/** What `up` brought up. */
export interface Box {
  readonly listeners: readonly ListenerStatus[];
  /** Where `/healthz`, `/metrics` and `/api/status` are: `http://127.0.0.1:9190/`. */
  readonly statusUrl: string;
  status(): Status;
  /** All that `/metrics` tells, read now. */
  families(): Promise<readonly Family[]>;
  /**
   * Serves another configuration, or none of it; what is as it was is not touched, and certificates and handlers' files are
   * read again. Calls wait for each other.
   *
   * @throws {TenkError} what is wrong with it; then nothing has changed
   */
  reload(loaded: LoadedConfig): Promise<void>;
  /**
   * Says 503 on `/healthz`, stops the listeners, each connection within the grace, then the status surface. A second call
   * closes what is still open at once.
   *
   * @param graceMs how long connections may take to finish @default {10000}
   */
  stop(graceMs?: number): Promise<void>;
}

export interface UpOptions {
  readonly log?: Log;
  /** Take a free port, and log it, where a listener's own is in use. @default {false} */
  readonly orFree?: boolean;
  /** What dumps print is coloured. @default {false} */
  readonly colour?: boolean;
  /** Load a handler's file again when it, or what it imports, is saved. @default {false} */
  readonly watch?: boolean;
  /** Log the settings that were taken by default: in short, and at debug all of them. @default {true} */
  readonly sayDefaults?: boolean;
  /** Push what `/metrics` tells, every `everyMs` milliseconds (10 000 by default) and at the end. @default {nowhere} */
  readonly push?: {
    readonly target: PushTarget;
    readonly everyMs?: number;
    /** Before those of the configuration. */
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** The folder for history, load tests and the token, where the configuration names none. @default {in memory only} */
  readonly dataFolder?: string;
  /** Keep history there, and not load tests alone. @default {true} */
  readonly keepsHistory?: boolean;
  /** Told a link that opens everything, and the token's file, once for each token: for a person alone, never for a log. */
  readonly onNewToken?: (link: string, file: string | undefined) => void;
}

/**
 * Brings the box up: every listener of the configuration, and the dashboard.
 *
 * @throws {TenkError} `port-in-use` (with its holder, where it can be known) or what `listen` throws
 */
export async function up(loaded: LoadedConfig, options: UpOptions = {}): Promise<Box> {
  const { log = logOf("app"), orFree = false, colour = false, watch = false, sayDefaults = true } = options;
  if (sayDefaults) logDefaults(loaded, log);
  checkDashboard(loaded);
  const listeners = await Listeners.start(loaded, { log, orFree, colour });
  const records = await openRecords(loaded, options.dataFolder, log, options.keepsHistory);
  const watching = watchable(listeners, records, log);
  const { readings, live } = watching;
  let dashboard: Dashboard;
  try {
    dashboard = await Dashboard.open({
      loaded,
      token: records.token,
      sessionFile: records.sessionFile,
      parts: watching.parts,
      log,
    });
  } catch (error) {
    readings.stop();
    await Promise.all([listeners.stop(0), records.stop()]);
    throw error;
  }
  for (const each of listeners.running) log.info("listening", saidOf(each));
  log.info("up", { tenk: VERSION, pid: process.pid, status: dashboard.url });
  if (records.isNewToken) options.onNewToken?.(`${dashboard.url}?token=${records.token}`, records.tokenFile);
  const watcher = watch ? watchModules(listeners, log) : undefined;
  const { instance, labels } = await pushLabels(loaded, options, log);
  const push = options.push && startPush({ ...options.push, labels, read: readings.families });

  let stopping: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  async function reload(changed: LoadedConfig): Promise<void> {
    if (stopping) throw new TenkError("config", "Cannot reload: it is stopping");
    const move = await dashboard.prepare(changed, (port) =>
      listeners.running.some(({ server }) => server.port === port),
    );
    try {
      await listeners.reload(changed);
    } catch (error) {
      await move.drop();
      throw error;
    }
    await move.commit();
    watcher?.look();
    if (options.push && JSON.stringify(changed.config.push) !== JSON.stringify(loaded.config.push))
      log.warn("push is as it was: other labels need a new start", { file: changed.file });
    if (dataOf(changed) !== dataOf(loaded))
      log.warn("data is as it was: another one needs a new start", { file: changed.file });
    log.info("reloaded", { file: changed.file });
  }
  async function stop(graceMs: number): Promise<void> {
    watching.stopping();
    watcher?.close();
    log.info("stopping", { graceMs });
    // What handlers of workers counted ends with them; a worker that is held up must not hold up the end.
    if (push) await Promise.race([push.now(), sleep(1000, undefined, { ref: false })]);
    await listeners.stop(graceMs);
    await push?.end();
    instance?.release();
    readings.stop();
    live.stop();
    await Promise.all([dashboard.stop(), records.stop()]);
    flushOccasional();
    log.info("stopped");
  }
  return {
    get listeners() {
      return readings.listeners();
    },
    get statusUrl() {
      return dashboard.url;
    },
    status: readings.status,
    families: readings.families,
    reload(changed) {
      const done = turn.then(() => reload(changed));
      turn = done.catch(() => undefined);
      return done;
    },
    stop(graceMs = 10_000) {
      if (stopping) void listeners.stop(0);
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

/** What there is to see of a box: what it reads of itself each second, and all that its dashboard shows. */
function watchable(listeners: Listeners, { history, runs }: Records, log: Log) {
  let isHealthy = true;
  const liveRun = new LiveRun();
  const live = new LiveStreams({ history, log: processLog, run: (version) => liveRun.since(version, Date.now()) });
  const running = () => listeners.running;
  const readings = startReadings({ listeners: running, history, onSecond: () => live.tick(), log });
  return {
    readings,
    live,
    stopping() {
      isHealthy = false;
    },
    parts: {
      healthy: () => isHealthy,
      status: readings.wholeStatus,
      metrics: readings.metrics,
      helpOf: readings.helpOf,
      listeners: running,
      assets: pageAssets,
      log: processLog,
      history,
      live,
      runs,
      liveRun,
    },
  };
}

/** What tells its series from another box's: a name of its own, where none was given. */
async function pushLabels(
  loaded: LoadedConfig,
  { push, dataFolder }: UpOptions,
  log: Log,
): Promise<{ readonly instance?: InstanceName; readonly labels: Readonly<Record<string, string>> }> {
  const labels = { ...loaded.config.push.labels, ...push?.labels };
  if (push === undefined || labels.instance !== undefined) return { labels };
  const instance = await claimInstanceName(dataFolderOf(loaded, dataFolder), log);
  log.info("pushing", { to: push.target.shown, instance: instance.name });
  return { instance, labels: { instance: instance.name, ...labels } };
}

/** Where a configuration has history and load tests kept: a box opens it once. */
function dataOf(loaded: LoadedConfig): string {
  return `${loaded.config.data.history} ${dataFolderOf(loaded, undefined)}`;
}
