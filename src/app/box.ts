import { type Log, logOf, messageOf, systemCodeOf, TenkError } from "../base/mod.ts";
import { measureLoopLag, openProcessReader, recentLag } from "../metrics/mod.ts";
import { formatAddress } from "./address.ts";
import type { LoadedConfig } from "./config-file.ts";
import { type Surface, type SurfaceOptions, serveSurface } from "./http.ts";
import { type RunningListener, startListeners } from "./listeners.ts";
import { boxRegistry } from "./metrics.ts";
import { portHolder } from "./port-holder.ts";
import { effectiveSettings } from "./settings.ts";
import { type ListenerStatus, processStatus, type Status } from "./status.ts";
import { VERSION } from "./version.ts";

/** What `up` brought up. */
export interface Box {
  readonly listeners: readonly ListenerStatus[];
  /** Where `/healthz`, `/metrics` and `/api/status` are: `http://127.0.0.1:9190/`. */
  readonly statusUrl: string;
  status(): Status;
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
}

/**
 * Brings the box up: every listener of the configuration, and the status surface.
 *
 * @throws {TenkError} `port-in-use` (with its holder, where it can be known) or what `listen` throws
 */
export async function up(loaded: LoadedConfig, options: UpOptions = {}): Promise<Box> {
  const { log = logOf("app"), orFree = false } = options;
  logDefaults(loaded, log);
  const running = await startListeners(loaded.config.tcp, { log, orFree });
  const readings = readingsOf(running);
  let healthy = true;
  let surface: Surface;
  try {
    surface = serveOrElsewhere(log, { ...loaded.config.dashboard.listen, ...readings, healthy: () => healthy });
  } catch (error) {
    await Promise.all([readings.stop(), ...running.map(({ server }) => server.stop({ graceMs: 0 }))]);
    throw surfaceError(error, loaded.config.dashboard.listen);
  }
  const statusUrl = `http://${formatAddress({ host: loaded.config.dashboard.listen.host, port: surface.port })}/`;
  for (const { name, server, handler } of running) {
    log.info("listening", { name, address: server.address, handler, workers: server.workers });
  }
  log.info("up", { tenk: VERSION, pid: process.pid, status: statusUrl });

  let stopping: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    healthy = false;
    log.info("stopping", { graceMs });
    await Promise.all(running.map(({ server }) => server.stop({ graceMs })));
    await Promise.all([readings.stop(), surface.stop()]);
    log.info("stopped");
  }
  return {
    get listeners() {
      return readings.status().listeners;
    },
    statusUrl,
    status: readings.status,
    stop(graceMs = 10_000) {
      if (stopping) for (const { server } of running) void server.stop({ graceMs: 0 });
      stopping ??= stop(graceMs);
      return stopping;
    },
  };
}

/** What can be read of running listeners and of this process, until stopped. */
function readingsOf(running: readonly RunningListener[]) {
  const startedAt = new Date().toISOString();
  const reader = openProcessReader();
  const listeners = () => running.map(listenerStatus);
  const { registry, observeLagSeconds } = boxRegistry({ process: () => reader.read(), listeners });
  const lag = recentLag();
  const lagMeter = measureLoopLag((lagMs) => {
    lag.add(lagMs);
    observeLagSeconds(lagMs / 1000);
  });
  return {
    status: (): Status => ({
      tenk: VERSION,
      startedAt,
      listeners: listeners(),
      process: processStatus(reader.read(), lag.quantileMs(0.99)),
    }),
    metrics: () => registry.metrics(),
    page: () => page(listeners()),
    async stop() {
      lagMeter.stop();
      reader.close();
    },
  };
}

function listenerStatus({ name, handler, server }: RunningListener): ListenerStatus {
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
