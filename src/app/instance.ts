import { setTimeout as sleep } from "node:timers/promises";
import { flushOccasional, type Log, logOf, TenkError } from "../base/mod.ts";
import { pageAssets } from "../dash/mod.ts";
import type { Family } from "../metrics/mod.ts";
import { formatAddress, type Listening } from "../part/mod.ts";
import {
  type AdminSources,
  checkDashboard,
  Dashboard,
  DashboardLink,
  LiveRun,
  LiveStreams,
  processLog,
} from "./admin/mod.ts";
import { InstanceCertificates } from "./certificates/mod.ts";
import { type LoadedConfig, logDefaults, logNotes } from "./config/mod.ts";
import { Marks } from "./marks/mod.ts";
import { type Monitoring, type MonitoringOptions, type Status, startMonitoring } from "./monitoring/mod.ts";
import { dataFolderOf, openPersistence, openStore, type Persistence } from "./persistence/mod.ts";
import { claimInstanceName, type InstanceName, type PushTarget, startPush } from "./push/mod.ts";
import { changeTogether } from "./reload.ts";
import { checkParts, RunningParts } from "./running-parts.ts";
import { ServiceChanges } from "./service-changes.ts";
import { VERSION } from "./version.ts";

/** How long a stop waits for the metrics of workers. */
const LAST_PUSH_TIMEOUT_MS = 1000;

const MAX_LOGGED_URLS = 10;

/** A running tenk. */
export interface Instance {
  /** Everything that listens, without the dashboard. */
  readonly listeners: readonly ListenerAddress[];
  /** URL of the admin server: `http://127.0.0.1:9190/`. */
  readonly statusUrl: string;
  /** PEM of the local CA's root; undefined where no listener has a certificate of it. */
  readonly localRoot: string | undefined;
  /** Returns the body of `/api/status`. */
  status(): Promise<Status>;
  /** Reads the metrics of `/metrics`. */
  families(): Promise<readonly Family[]>;
  /**
   * Changes to another configuration. What is unchanged keeps running; certificates and handlers' files are read again. Calls
   * wait for each other.
   *
   * @throws {TenkError} what is wrong with the configuration; then nothing has changed
   */
  reload(loaded: LoadedConfig): Promise<void>;
  /**
   * Answers 503 on `/healthz`, stops the parts, then the admin server. Connections have `graceMs` to finish; a second call closes
   * them at once.
   *
   * @param graceMs @default {10000}
   */
  stop(graceMs?: number): Promise<void>;
}

/** An address that a part listens on, as `tenk up --json` prints it. */
export type ListenerAddress = {
  readonly part: string;
  readonly name: string;
  readonly host: string;
  /** 0 when `path` is set. */
  readonly port: number;
  readonly path?: string;
} & Listening["facts"];

export interface UpOptions {
  readonly log?: Log;
  /** Take a free port, and log it, when a listener's own is in use. @default {false} */
  readonly autoPort?: boolean;
  /** Print dumps in colour. @default {false} */
  readonly colour?: boolean;
  /** Load a handler's file again when it, or what it imports, is saved. @default {false} */
  readonly watch?: boolean;
  /** Log the settings that have their default value: the foremost, and at level debug all of them. @default {true} */
  readonly logDefaults?: boolean;
  /** Push the metrics every `everyMs` milliseconds (10 000 by default) and at the end. @default {no push} */
  readonly push?: {
    readonly target: PushTarget;
    readonly everyMs?: number;
    /** Override those of the configuration. */
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** The data folder when the configuration names none. @default {everything in memory} */
  readonly dataFolder?: string;
  /** False keeps load tests there, but no history. @default {true} */
  readonly keepsHistory?: boolean;
  /** Called with the link that logs in, and the token's file, when a token was made. The link must never reach a log. */
  readonly onNewToken?: (link: string, file: string | undefined) => void;
}

/**
 * Starts every part of the configuration, monitoring, and the admin server.
 *
 * @throws {TenkError} `port-in-use` (with its holder, where it can be known) or what `listen` throws
 */
export async function up(loaded: LoadedConfig, options: UpOptions = {}): Promise<Instance> {
  const { log = logOf("app"), autoPort = false, colour = false, watch = false } = options;
  checkDashboard(loaded);
  checkParts(loaded);
  const certificates = new InstanceCertificates(certificateSettings(loaded, options.dataFolder), options.log);
  const link = new DashboardLink();
  const store = openStore(loaded, options.dataFolder);
  const serviceChanges = new ServiceChanges(loaded, log);
  let parts: RunningParts;
  const watching: { monitoring?: Monitoring } = {};
  try {
    parts = await RunningParts.start(loaded, {
      log: options.log,
      autoPort,
      colour,
      watch,
      certificates,
      dashboard: link,
      dataFolder: dataFolderOf(loaded, options.dataFolder),
      boxProblems: () => watching.monitoring?.boxProblems() ?? [],
      boxUndecided: () => watching.monitoring?.boxUndecided() ?? [],
      boxWatches: (key) => watching.monitoring?.boxWatches(key) ?? true,
      // An instance without history leaves the files to the one that owns the folder.
      store: options.keepsHistory === false ? undefined : store,
      offered: serviceChanges.offered,
    });
  } catch (error) {
    await Promise.all([certificates.close(), store?.stop()]);
    throw error;
  } finally {
    // The first line that is logged costs ten milliseconds, in which parts serve already.
    logNotes(loaded, log);
    if (options.logDefaults ?? true) logDefaults(loaded, log);
  }
  const persistence = await openPersistence(loaded, options.dataFolder, log, options.keepsHistory, store);
  let current = loaded;
  const { monitoring, marks, adminSources, beginStop } = startWatching(
    { parts, certificates, services: () => current.services, box: () => current.config.box },
    persistence,
    log,
  );
  watching.monitoring = monitoring;
  let dashboard: Dashboard;
  try {
    const { token, sessionFile } = persistence;
    dashboard = await Dashboard.open({ loaded, token, sessionFile, sources: adminSources, link, log });
  } catch (error) {
    monitoring.stop();
    await Promise.all([parts.stop(0), persistence.stop()]);
    await certificates.close();
    throw error;
  }
  for (const each of parts.listening()) logListening(each, options.log ?? logOf(each.part));
  log.info("up", { tenk: VERSION, pid: process.pid, status: dashboard.url });
  logServing(parts.urls(), log);
  if (persistence.isNewToken)
    options.onNewToken?.(`${dashboard.url}?token=${persistence.token}`, persistence.tokenFile);
  const { instanceName, labels } = await pushLabels(loaded, options, log);
  const push = options.push && startPush({ ...options.push, labels, read: monitoring.families });

  let stopping: Promise<void> | undefined;
  serviceChanges.begin(async (next, isOfServices) => {
    if (stopping) throw new TenkError("config", "Cannot reload: it is stopping");
    const urls = parts.urls();
    const isListenerPort = (port: number) =>
      parts.listening().some(({ address }) => "port" in address && address.port === port);
    await changeTogether([() => dashboard.prepare(next, isListenerPort), ...parts.changesFor(next, isOfServices)]);
    logUnapplied(current, next, options, log);
    if (!isOfServices) logNotes(next, log);
    current = next;
    if (parts.urls().join() !== urls.join()) logServing(parts.urls(), log);
  });
  async function stop(graceMs: number): Promise<void> {
    beginStop();
    log.info("stopping", { graceMs });
    // Counters in workers end with them, so that they are pushed before; a worker that hangs must not hold up the stop.
    if (push) await Promise.race([push.now(), sleep(LAST_PUSH_TIMEOUT_MS, undefined, { ref: false })]);
    await parts.stop(graceMs);
    await push?.end();
    instanceName?.release();
    monitoring.stop();
    adminSources.live.stop();
    await Promise.all([dashboard.stop(), marks.stopped(), persistence.stop(), certificates.close()]);
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
    get localRoot() {
      return certificates.localRoot;
    },
    status: monitoring.status,
    families: monitoring.families,
    async reload(next) {
      await serviceChanges.reload(next);
      marks.reloaded();
    },
    stop(graceMs = 10_000) {
      if (stopping) void parts.stop(0);
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

function certificateSettings(loaded: LoadedConfig, dataFolder: string | undefined) {
  const { config, folder } = loaded;
  const { certificates, domain } = config;
  return { config: certificates, domain, folder, dataFolder: dataFolderOf(loaded, dataFolder) };
}

/** Starts monitoring, and gathers what the admin server shows. */
function startWatching(
  sources: Pick<MonitoringOptions, "parts" | "certificates" | "services" | "box">,
  { history, runs, folder, markFile }: Persistence,
  log: Log,
) {
  let isHealthy = true;
  const liveRun = new LiveRun();
  const live = new LiveStreams({ history, log: processLog, run: (version) => liveRun.since(version, Date.now()) });
  const monitoring: Monitoring = startMonitoring({ ...sources, history, onSecond: () => live.tick(), log });
  const ofParts = async (fromMs: number, toMs: number) =>
    (await Promise.all(sources.parts.running.map(({ part }) => part.marks?.(fromMs, toMs) ?? []))).flat();
  const marks = new Marks({ file: markFile, log, runs: () => runs.list(), ofParts });
  const adminSources: AdminSources = {
    healthy: () => isHealthy,
    status: monitoring.status,
    dataFolder: folder,
    metrics: monitoring.metrics,
    helpOf: monitoring.helpOf,
    parts: () =>
      sources.parts.running.map(({ type, part }) => ({
        name: type.name,
        panel: type.panel,
        routes: part.routes,
        openRoutes: part.openRoutes,
      })),
    assets: pageAssets,
    log: processLog,
    history,
    live,
    runs,
    liveRun,
    marks: (fromMs, toMs) => marks.between(fromMs, toMs),
  };
  return {
    monitoring,
    marks,
    adminSources,
    beginStop() {
      isHealthy = false;
    },
  };
}

/** Warns of changed settings that only a restart applies. */
function logUnapplied(before: LoadedConfig, after: LoadedConfig, { push }: UpOptions, log: Log): void {
  const { file } = after;
  if (push && JSON.stringify(after.config.push) !== JSON.stringify(before.config.push))
    log.warn("push settings changed: restart to apply them", { file });
  const ofCertificates = (loaded: LoadedConfig) => JSON.stringify([loaded.config.certificates, loaded.config.domain]);
  if (ofCertificates(after) !== ofCertificates(before))
    log.warn("certificate settings changed: restart to apply them", { file });
  if (dataSettings(after) !== dataSettings(before)) log.warn("data settings changed: restart to apply them", { file });
}

function dataSettings(loaded: LoadedConfig): string {
  return `${loaded.config.data.history} ${dataFolderOf(loaded, undefined)}`;
}

function logListening({ name, address, facts }: Listening, log: Log): void {
  log.info("listening", { name, address: formatAddress(address), ...facts });
}

/** Tells where to look first; a house may have a hundred services. */
function logServing(urls: readonly string[], log: Log): void {
  if (urls.length === 0) return;
  const others = urls.length - MAX_LOGGED_URLS;
  log.info("serving", { urls: urls.slice(0, MAX_LOGGED_URLS).join(" "), ...(others > 0 && { others }) });
}

function listenerAddress({ part, name, address, facts }: Listening & { readonly part: string }): ListenerAddress {
  const at = "path" in address ? { host: "", port: 0, path: address.path } : address;
  return { part, name, ...at, ...facts } as ListenerAddress;
}

/** Returns the labels of all pushed series, with an instance name unless the configuration has one. */
async function pushLabels(
  loaded: LoadedConfig,
  { push, dataFolder }: UpOptions,
  log: Log,
): Promise<{ readonly instanceName?: InstanceName; readonly labels: Readonly<Record<string, string>> }> {
  const labels = { ...loaded.config.push.labels, ...push?.labels };
  if (push === undefined || labels.instance !== undefined) return { labels };
  const instanceName = await claimInstanceName(dataFolderOf(loaded, dataFolder), log);
  log.info("pushing", { to: push.target.shown, instance: instanceName.name });
  return { instanceName, labels: { instance: instanceName.name, ...labels } };
}
