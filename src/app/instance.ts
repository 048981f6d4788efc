import { setTimeout as sleep } from "node:timers/promises";
import { flushOccasional, type Log, logOf, TenkError } from "../base/mod.ts";
import { pageAssets } from "../dash/mod.ts";
import type { Family } from "../metrics/mod.ts";
import { formatAddress, type Listening } from "../part/mod.ts";
import { checkDashboard, Dashboard, LiveRun, LiveStreams, processLog } from "./admin/mod.ts";
import { type LoadedConfig, logDefaults } from "./config/mod.ts";
import { type Monitoring, type Status, startMonitoring } from "./monitoring/mod.ts";
import { dataFolderOf, openRecords, type Records } from "./persistence/mod.ts";
import { claimInstanceName, type InstanceName, type PushTarget, startPush } from "./push/mod.ts";
import { changeTogether } from "./reload.ts";
import { checkParts, RunningParts } from "./running-parts.ts";
import { VERSION } from "./version.ts";

/** A running tenk: what `up` brought up. */
export interface Instance {
  /** Everything that listens but the dashboard. */
  readonly listeners: readonly ListenerAddress[];
  /** Where `/healthz`, `/metrics` and `/api/status` are: `http://127.0.0.1:9190/`. */
  readonly statusUrl: string;
  /** The answer of `/api/status`. */
  status(): Promise<Status>;
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
   * Says 503 on `/healthz`, stops the parts, each connection within the grace, then the admin server. A second call
   * closes what is still open at once.
   *
   * @param graceMs how long connections may take to finish @default {10000}
   */
  stop(graceMs?: number): Promise<void>;
}

/** One thing that listens, flat: for `tenk up --json`. */
export type ListenerAddress = {
  readonly part: string;
  readonly name: string;
  readonly host: string;
  /** 0 where `path` is set. */
  readonly port: number;
  readonly path?: string;
} & Listening["facts"];

export interface UpOptions {
  readonly log?: Log;
  /** Take a free port, and log it, where a listener's own is in use. @default {false} */
  readonly autoPort?: boolean;
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
 * Starts every part of the configuration, and the dashboard.
 *
 * @throws {TenkError} `port-in-use` (with its holder, where it can be known) or what `listen` throws
 */
export async function up(loaded: LoadedConfig, options: UpOptions = {}): Promise<Instance> {
  const { log = logOf("app"), autoPort = false, colour = false, watch = false, sayDefaults = true } = options;
  if (sayDefaults) logDefaults(loaded, log);
  checkDashboard(loaded);
  checkParts(loaded);
  const parts = await RunningParts.start(loaded, { log: options.log, autoPort, colour, watch });
  const records = await openRecords(loaded, options.dataFolder, log, options.keepsHistory);
  const watching = watchable(parts, records, () => loaded.services, log);
  const { monitoring, live } = watching;
  let dashboard: Dashboard;
  try {
    dashboard = await Dashboard.open({
      loaded,
      token: records.token,
      sessionFile: records.sessionFile,
      sources: watching.served,
      log,
    });
  } catch (error) {
    monitoring.stop();
    await Promise.all([parts.stop(0), records.stop()]);
    throw error;
  }
  for (const each of parts.listening()) logListening(each, options.log ?? logOf(each.part));
  log.info("up", { tenk: VERSION, pid: process.pid, status: dashboard.url });
  if (records.isNewToken) options.onNewToken?.(`${dashboard.url}?token=${records.token}`, records.tokenFile);
  const { instance, labels } = await pushLabels(loaded, options, log);
  const push = options.push && startPush({ ...options.push, labels, read: monitoring.families });

  let stopping: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  async function reload(changed: LoadedConfig): Promise<void> {
    if (stopping) throw new TenkError("config", "Cannot reload: it is stopping");
    checkParts(changed);
    const isOurs = (port: number) =>
      parts.listening().some(({ address }) => "port" in address && address.port === port);
    await changeTogether([() => dashboard.prepare(changed, isOurs), ...parts.changesFor(changed)]);
    if (options.push && JSON.stringify(changed.config.push) !== JSON.stringify(loaded.config.push))
      log.warn("push is as it was: other labels need a new start", { file: changed.file });
    if (dataOf(changed) !== dataOf(loaded))
      log.warn("data is as it was: another one needs a new start", { file: changed.file });
    loaded = changed;
    log.info("reloaded", { file: changed.file });
  }
  async function stop(graceMs: number): Promise<void> {
    watching.stopping();
    log.info("stopping", { graceMs });
    // What handlers of workers counted ends with them; a worker that is held up must not hold up the end.
    if (push) await Promise.race([push.now(), sleep(1000, undefined, { ref: false })]);
    await parts.stop(graceMs);
    await push?.end();
    instance?.release();
    monitoring.stop();
    live.stop();
    await Promise.all([dashboard.stop(), records.stop()]);
    flushOccasional();
    log.info("stopped");
  }
  return {
    get listeners() {
      return parts.listening().map(listenerAddress);
    },
    get statusUrl() {
      return dashboard.url;
    },
    status: monitoring.status,
    families: monitoring.families,
    reload(changed) {
      const done = turn.then(() => reload(changed));
      turn = done.catch(() => undefined);
      return done;
    },
    stop(graceMs = 10_000) {
      if (stopping) void parts.stop(0);
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

/** What is read each second, and all that the admin server shows. */
function watchable(
  parts: RunningParts,
  { history, runs, folder }: Records,
  services: () => LoadedConfig["services"],
  log: Log,
) {
  let isHealthy = true;
  const liveRun = new LiveRun();
  const live = new LiveStreams({ history, log: processLog, run: (version) => liveRun.since(version, Date.now()) });
  const monitoring: Monitoring = startMonitoring({ parts, services, history, onSecond: () => live.tick(), log });
  const served = () =>
    parts.running.map(({ type, part }) => ({ name: type.name, panel: type.panel, routes: part.routes }));
  return {
    monitoring,
    live,
    stopping() {
      isHealthy = false;
    },
    served: {
      healthy: () => isHealthy,
      status: monitoring.status,
      dataFolder: folder,
      metrics: monitoring.metrics,
      helpOf: monitoring.helpOf,
      parts: served,
      assets: pageAssets,
      log: processLog,
      history,
      live,
      runs,
      liveRun,
    },
  };
}

function logListening({ name, address, facts }: Listening, log: Log): void {
  log.info("listening", { name, address: formatAddress(address), ...facts });
}

function listenerAddress({ part, name, address, facts }: Listening & { readonly part: string }): ListenerAddress {
  const at = "path" in address ? { host: "", port: 0, path: address.path } : address;
  return { part, name, ...at, ...facts } as ListenerAddress;
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
