import { setTimeout as sleep } from "node:timers/promises";
import { flushOccasional, isOneFile, type Log, logOf, TenkError } from "../base/mod.ts";
import { localDomainsOf } from "../certificates/mod.ts";
import { pageAssets } from "../dash/mod.ts";
import { limitFields } from "../limits/mod.ts";
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
import { type PushTarget, pushingOf } from "./push/mod.ts";
import { changeTogether } from "./reload.ts";
import { checkParts, RunningParts } from "./running-parts.ts";
import { ServiceChanges } from "./service-changes.ts";
import {
  type FreezeSources,
  freezeInstance,
  type HandedState,
  thawInstance,
  type UpgradeStatus,
} from "./upgrade/mod.ts";
import { VERSION } from "./version.ts";

const MAX_LOGGED_URLS = 10;
const NO_UPGRADES: UpgradeStatus = { program: process.execPath, isOneFile: isOneFile(), isUnderWay: false, last: null };

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
  /** Opens log files anew, for whoever moved them. */
  reopenLogs(): Promise<void>;
  /**
   * Writes what it keeps, and leaves the data folder to another process. Connections go on. A stop that follows
   * writes nothing.
   *
   * @param pause called when only short work is left: from then on nothing new may be accepted
   */
  freeze(pause: () => void | Promise<void>): Promise<HandedState>;
  /** Goes on after `freeze`, or after a frozen start. @param state of the process before; undefined where that is this one */
  thaw(state?: HandedState): Promise<void>;
  /** Marks on charts that an upgrade did not succeed. */
  upgradeFailed(reason: string): void;
  /**
   * Answers 503 on `/readyz`, and serves on for `shutdown.drainDelay`: before a stop, so that nobody sends new connections when
   * it comes.
   */
  drain(): Promise<void>;
  /**
   * Answers 503 on `/healthz`, stops the parts, then the admin server. Connections have `graceMs` to finish; a second call closes
   * them at once.
   *
   * @param graceMs @default {`shutdown.grace` of the configuration}
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
  /** The process that this one is to replace still runs: it owns the data folder until `thaw`. @default {false} */
  readonly startsFrozen?: boolean;
  /** Returns how the last upgrade went. @default {there was none} */
  readonly upgrades?: () => UpgradeStatus;
  /** Called with the link that logs in, and the token's file, when a token was made. The link must never reach a log. */
  readonly onNewToken?: (link: string, file: string | undefined) => void;
}

/**
 * Starts every part of the configuration, monitoring, and the admin server.
 *
 * @throws {TenkError} `port-in-use` (with its holder, where it can be known) or what `listen` throws
 */
export async function up(loaded: LoadedConfig, options: UpOptions = {}): Promise<Instance> {
  const { log = logOf("app"), autoPort = false, colour = false, watch = false, startsFrozen = false } = options;
  checkDashboard(loaded);
  checkParts(loaded);
  const certificates = new InstanceCertificates(certificateSettings(loaded, options), options.log);
  const link = new DashboardLink();
  const store = openStore(loaded, options.dataFolder);
  if (startsFrozen) await store?.freeze();
  const serviceChanges = new ServiceChanges(loaded, log);
  let parts: RunningParts;
  const watching: { monitoring?: Monitoring } = {};
  try {
    parts = await RunningParts.start(loaded, {
      log: options.log,
      autoPort,
      colour,
      watch,
      startsFrozen,
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
    const limits = limitFields();
    if (limits !== undefined) log.info("limits", limits);
  }
  const persistence = await openPersistence(loaded, options.dataFolder, log, options.keepsHistory, store);
  let current = loaded;
  const { monitoring, marks, adminSources, setReady, beginStop } = startWatching(
    {
      ...{ parts, certificates, services: () => current.services, box: () => current.config.box },
      upgrades: options.upgrades ?? (() => NO_UPGRADES),
    },
    persistence,
    { log, startsFrozen },
  );
  watching.monitoring = monitoring;
  let dashboard: Dashboard;
  try {
    const { token, sessionFile } = persistence;
    dashboard = await Dashboard.open({ loaded, token, sessionFile, sources: adminSources, link, log, startsFrozen });
  } catch (error) {
    monitoring.stop();
    await Promise.all([parts.stop(0), persistence.stop()]);
    await certificates.close();
    throw error;
  }
  for (const each of parts.listening()) logListening(each, options.log ?? logOf(each.part));
  log.info(startsFrozen ? "ready to take over" : "up", {
    tenk: VERSION,
    pid: process.pid,
    status: dashboard.url,
  });
  logServing(parts.urls(), log);
  if (persistence.isNewToken)
    options.onNewToken?.(`${dashboard.url}?token=${persistence.token}`, persistence.tokenFile);
  const pushing = pushingOf(loaded, options, { log, read: monitoring.families });
  if (!startsFrozen) await pushing.begin();
  let isFrozen = startsFrozen;
  let thawed = Promise.withResolvers<void>();
  thawed.resolve();
  const freezing: FreezeSources = {
    ...{ parts, certificates, persistence, marks, pushing, dashboard },
  };

  let stopping: Promise<void> | undefined;
  serviceChanges.begin(async (next, isOfServices) => {
    if (stopping) throw new TenkError("config", "Cannot reload: it is stopping");
    // It follows when an upgrade has failed. One that succeeds ends this process, and the next one reads the file itself.
    await thawed.promise;
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
    log.info(isFrozen ? "draining" : "stopping", { graceMs });
    await pushing.beforeStop();
    // The other process samples and shows now.
    if (isFrozen) {
      monitoring.stop();
      await dashboard.stop();
    }
    await parts.stop(graceMs);
    await pushing.end();
    if (!isFrozen) monitoring.stop();
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
    freeze(pause) {
      isFrozen = true;
      thawed = Promise.withResolvers();
      return freezeInstance(freezing, pause);
    },
    async thaw(state) {
      await thawInstance(freezing, state);
      setReady(true);
      isFrozen = false;
      thawed.resolve();
      if (state !== undefined) log.info("up", { tenk: VERSION, pid: process.pid, status: dashboard.url });
    },
    upgradeFailed: (reason) => marks.upgradeFailed(reason),
    async reopenLogs() {
      await parts.reopenLogs();
      log.info("log files reopened");
    },
    async drain() {
      const { drainDelay } = current.config.shutdown;
      setReady(false);
      if (drainDelay === 0) return;
      log.info("not ready any more, connections are still accepted", { forMs: drainDelay });
      await sleep(drainDelay);
    },
    stop(graceMs = current.config.shutdown.grace) {
      if (stopping) void parts.stop(0);
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

function certificateSettings(loaded: LoadedConfig, { dataFolder, startsFrozen }: UpOptions) {
  const { config, folder } = loaded;
  const { certificates, domain } = config;
  return { config: certificates, domain, folder, dataFolder: dataFolderOf(loaded, dataFolder), startsFrozen };
}

/** Starts monitoring, and gathers what the admin server shows. */
function startWatching(
  sources: Pick<MonitoringOptions, "parts" | "certificates" | "services" | "box" | "upgrades">,
  { history, runs, folder, markFile }: Persistence,
  { log, startsFrozen }: { readonly log: Log; readonly startsFrozen: boolean },
) {
  let isHealthy = true;
  let isReady = !startsFrozen;
  const liveRun = new LiveRun();
  const live = new LiveStreams({ history, log: processLog, run: (version) => liveRun.since(version, Date.now()) });
  const monitoring: Monitoring = startMonitoring({ ...sources, history, onSecond: () => live.tick(), log });
  const ofParts = async (fromMs: number, toMs: number) =>
    (await Promise.all(sources.parts.running.map(({ part }) => part.marks?.(fromMs, toMs) ?? []))).flat();
  const marks = new Marks({ file: markFile, log, startsFrozen, runs: () => runs.list(), ofParts });
  const adminSources: AdminSources = {
    healthy: () => isHealthy,
    ready: () => isReady && isHealthy,
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
    setReady(given: boolean) {
      isReady = given;
    },
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
  const ofCertificates = ({ config: { certificates, domain } }: LoadedConfig) =>
    JSON.stringify([certificates, localDomainsOf(domain, certificates.local)]);
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
