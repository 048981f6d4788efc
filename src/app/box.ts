import { type Log, logOf, messageOf, systemCodeOf, TenkError } from "../base/mod.ts";
import {
  type ExpositionFormat,
  exposition,
  type Family,
  hostCollector,
  measureLoopLag,
  openProcessReader,
  recentLag,
} from "../metrics/mod.ts";
import { formatAddress } from "./address.ts";
import type { LoadedConfig } from "./config-file.ts";
import { readFamilies } from "./families.ts";
import { type Surface, type SurfaceOptions, serveSurface } from "./http.ts";
import type { RunningListener } from "./listener.ts";
import { Listeners } from "./listeners.ts";
import { boxRegistry } from "./metrics.ts";
import { watchModules } from "./module-watch.ts";
import { portHolder } from "./port-holder.ts";
import { startPush } from "./push.ts";
import type { PushTarget } from "./push-target.ts";
import { effectiveSettings } from "./settings.ts";
import { type ListenerStatus, processStatus, type Status } from "./status.ts";
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
   * Serves another configuration; what is as it was is not touched, and certificates and handlers' files are read again.
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
  /** Log the settings that were taken by default. @default {true} */
  readonly sayDefaults?: boolean;
  /** Push what `/metrics` tells, every `everyMs` milliseconds (10 000 by default) and at the end. @default {nowhere} */
  readonly push?: { readonly target: PushTarget; readonly everyMs?: number };
}

/**
 * Brings the box up: every listener of the configuration, and the status surface.
 *
 * @throws {TenkError} `port-in-use` (with its holder, where it can be known) or what `listen` throws
 */
export async function up(loaded: LoadedConfig, options: UpOptions = {}): Promise<Box> {
  const { log = logOf("app"), orFree = false, colour = false, watch = false, sayDefaults = true } = options;
  if (sayDefaults) logDefaults(loaded, log);
  const listeners = await Listeners.start(loaded, { log, orFree, colour });
  const readings = readingsOf(() => listeners.running);
  let healthy = true;
  let at = loaded.config.dashboard.listen;
  const serve = (where: typeof at) => serveOrElsewhere(log, { ...where, ...readings, healthy: () => healthy });
  let surface: Surface;
  try {
    surface = serve(at);
  } catch (error) {
    await Promise.all([readings.stop(), listeners.stop(0)]);
    throw surfaceError(error, at);
  }
  const statusUrl = () => `http://${formatAddress({ host: at.host, port: surface.port })}/`;
  for (const { name, server, config } of listeners.running) {
    log.info("listening", { name, address: server.address, handler: config.handler, workers: server.workers });
  }
  log.info("up", { tenk: VERSION, pid: process.pid, status: statusUrl() });
  const watcher = watch ? watchModules(listeners, log) : undefined;
  const push = options.push && startPush({ ...options.push, read: readings.families });

  let stopping: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    healthy = false;
    watcher?.close();
    log.info("stopping", { graceMs });
    await listeners.stop(graceMs);
    await push?.end();
    await Promise.all([readings.stop(), surface.stop()]);
    log.info("stopped");
  }
  async function moveTo(where: typeof at): Promise<void> {
    const before = surface;
    try {
      surface = serve(where);
    } catch (error) {
      return log.error("dashboard not moved", { error: messageOf(surfaceError(error, where)) });
    }
    at = where;
    log.info("dashboard moved", { status: statusUrl() });
    await before.stop();
  }
  return {
    get listeners() {
      return readings.status().listeners;
    },
    get statusUrl() {
      return statusUrl();
    },
    status: readings.status,
    families: readings.families,
    async reload(changed) {
      await listeners.reload(changed);
      const { listen } = changed.config.dashboard;
      if (formatAddress(listen) !== formatAddress(at)) await moveTo(listen);
      watcher?.look();
      log.info("reloaded", { file: changed.file });
    },
    stop(graceMs = 10_000) {
      if (stopping) void listeners.stop(0);
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

/** What can be read of running listeners and of this process, until stopped. */
function readingsOf(running: () => readonly RunningListener[]) {
  const startedAt = new Date().toISOString();
  const reader = openProcessReader();
  const listeners = () => running().map(listenerStatus);
  const { registry, observeLagSeconds } = boxRegistry({ process: () => reader.read(), listeners });
  const lag = recentLag();
  const lagMeter = measureLoopLag((lagMs) => {
    lag.add(lagMs);
    observeLagSeconds(lagMs / 1000);
  });
  const host = hostCollector({ version: VERSION });
  const families = () => readFamilies({ registry, listeners: running, host: () => host.collect() });
  return {
    status: (): Status => ({
      tenk: VERSION,
      startedAt,
      listeners: listeners(),
      process: processStatus(reader.read(), lag.quantileMs(0.99)),
    }),
    families,
    metrics: async (format: ExpositionFormat) => exposition(await families(), format),
    page: () => page(listeners()),
    async stop() {
      lagMeter.stop();
      reader.close();
    },
  };
}

function listenerStatus({ name, config: { handler }, server }: RunningListener): ListenerStatus {
  const { host, port, path, workers } = server;
  return { name, host, port, ...(path === undefined ? {} : { path }), handler, workers, counts: server.counts() };
}

/** One line for each part of the configuration that took defaults: `defaults of=tcp.packets handler=sink workers=1 …`. */
function logDefaults(loaded: LoadedConfig, log: Log): void {
  const parts = new Map<string, Record<string, string>>();
  for (const { key, value, defaulted } of effectiveSettings(loaded)) {
    if (!defaulted) continue;
    const [, part = "", name = ""] = /^(tcp\.[^.]+|[^.]+)\.(.+)$/.exec(key) ?? [];
    const taken = parts.get(part) ?? {};
    taken[name] = value;
    parts.set(part, taken);
  }
  for (const [part, taken] of parts) log.info("defaults", { of: part, ...taken });
}

/** The status surface is nobody's reason not to start: where its port is taken, a free one does. */
function serveOrElsewhere(log: Log, options: SurfaceOptions): Surface {
  try {
    return serveSurface(options);
  } catch (error) {
    if (systemCodeOf(error) !== "EADDRINUSE" || options.port === 0) throw error;
    const surface = serveSurface({ ...options, port: 0 });
    const holder = portHolder(options.port);
    const why = holder ? `in use by ${holder.program} (pid ${holder.pid})` : "in use";
    log.warn("dashboard port taken instead", { wanted: options.port, port: surface.port, why });
    return surface;
  }
}

function surfaceError(error: unknown, address: { host: string; port: number }): TenkError {
  const message = `Cannot serve the dashboard on ${formatAddress(address)}: ${messageOf(error)}`;
  const code = systemCodeOf(error) === "EACCES" ? "permission-denied" : "address-unavailable";
  return new TenkError(code, message, { cause: error });
}

function page(listeners: readonly ListenerStatus[]): string {
  const rows = listeners.map(({ name, host, port, path, handler, counts }) => {
    const at = path === undefined ? `${formatAddress({ host, port })}` : formatAddress({ path });
    return `  ${name}  ${at}  ${handler}  ${counts.active} open, ${counts.accepted} accepted`;
  });
  return `tenk ${VERSION}

${rows.join("\n")}

  /healthz     200 while up, 503 while stopping
  /metrics     Prometheus text
  /api/status  the same as JSON
`;
}
