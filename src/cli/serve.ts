import { setTimeout as wait } from "node:timers/promises";
import { type Instance, type LoadedConfig, Predecessor, Upgrades, up, usualDataFolder } from "../app/mod.ts";
import { type Log, logOf, messageOf, TenkError, withHint } from "../base/mod.ts";
import { isMemoryScarce } from "../limits/mod.ts";
import {
  closeUnclaimed,
  descriptorsOfSystemd,
  resumeAccepting,
  shrinkMemory,
  silentThreads,
  takeInherited,
} from "../net/mod.ts";
import { ServiceManager } from "../systemd/mod.ts";
import { ownProgram, requireHealthy } from "./child-instance.ts";
import { EXIT } from "./failure.ts";
import type { LogFormat } from "./log-format.ts";
import { type LogLevel, startLogging } from "./logging.ts";
import { print } from "./output.ts";
import type { PushPlan } from "./push.ts";
import { servedText } from "./served-text.ts";
import { aborted, stopper } from "./stopper.ts";
import { stderr } from "./terminal.ts";
import { upgradeProblem } from "./upgrade-problem.ts";

/** What the start has left over is given back when the first second, which needs the most, has passed. */
const SHRINK_AFTER_MS = 1000;
const SILENT_MS = 3000;
/** After a request to stop, a start under way has this long to finish, so that it can be stopped in order. */
const START_TIMEOUT_MS = 1000;

export interface ServeOptions {
  readonly autoPort?: boolean | undefined;
  readonly watch?: boolean | undefined;
  readonly logDefaults?: boolean | undefined;
  /** Print the addresses as one line of JSON once it is up. */
  readonly json?: boolean | undefined;
  /** Overrides the configuration's. */
  readonly logLevel?: LogLevel | undefined;
  /** Overrides the configuration's. */
  readonly logFormat?: LogFormat | undefined;
  /** Push metrics there. */
  readonly push?: PushPlan | undefined;
  /** Stop at the end of standard input, and not at a signal: the parent decides. */
  readonly withParent?: boolean | undefined;
}

type Load = (before: LoadedConfig | undefined) => LoadedConfig;

/**
 * Starts the configuration that `load` returns, and serves until asked to stop. SIGHUP calls `load` again, with the current
 * configuration, and reloads; a wrong configuration then changes nothing. SIGUSR1 opens log files anew. SIGUSR2 starts the program
 * again, which takes over.
 */
export async function serve(load: Load, options: ServeOptions): Promise<number> {
  const before = Predecessor.find();
  try {
    return await serveAfter(before, load, options);
  } catch (error) {
    before?.failed(withHint(error));
    throw error;
  }
}

/** @param before the process that this one is to replace */
async function serveAfter(before: Predecessor | undefined, load: Load, options: ServeOptions): Promise<number> {
  takeInherited(descriptorsOfSystemd(), "systemd");
  let loaded = load(undefined);
  const startLog = ({ log: { level, format } }: LoadedConfig["config"]) =>
    startLogging(options.logLevel ?? level, options.logFormat ?? format);
  await startLog(loaded.config);
  const log = logOf("cli");
  if (loaded.isEmpty) log.warn("configuration is empty, all settings are defaults", { file: loaded.file });
  using stop = stopper("stopping", options.withParent ? [] : undefined);
  const { autoPort = false, watch = false, logDefaults = true } = options;
  const colour = process.stderr.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  // A child of `tenk demo` is no service.
  const manager = new ServiceManager(options.withParent ? { environment: {} } : { isSuccessor: before !== undefined });
  const command = [...ownProgram(), ...process.argv.slice(2)] as [string, ...string[]];
  const impossible = () => upgradeProblem(options.withParent ?? false);
  const upgrades = new Upgrades({ command, log: logOf("upgrade"), impossible });
  // Handled before it is up, since an unhandled SIGHUP ends the process. The reload then follows the start.
  let instance: Awaited<ReturnType<typeof up>> | undefined;
  let isOutdated = false;
  async function reload(): Promise<void> {
    isOutdated = instance === undefined;
    if (instance === undefined || stop.signal.aborted) return;
    let problem: string | undefined;
    manager.reloading();
    try {
      const changed = load(loaded);
      await instance.reload(changed);
      const isFound = loaded.file === undefined && changed.file !== undefined;
      if (isFound) log.warn("configuration file found, used from now on", { file: changed.file });
      loaded = changed;
      await startLog(changed.config);
    } catch (error) {
      problem = messageOf(error);
      log.error(`reload failed, nothing has changed\n${withHint(error)}`);
    }
    if (stop.signal.aborted) return;
    manager.ready(problem === undefined ? servedText(instance) : `Reload failed, nothing has changed: ${problem}`);
  }
  const onHangUp = () => void reload();
  // Unhandled, it would end the process too.
  const onReopen = () => void instance?.reopenLogs();
  const onUpgrade = () => upgrades.request();
  process.on("SIGHUP", onHangUp);
  process.on("SIGUSR1", onReopen);
  process.on("SIGUSR2", onUpgrade);
  try {
    const push = options.push === undefined ? {} : { push: options.push };
    const dataFolder = usualDataFolder();
    // The instance of `tenk demo` must not write into the history of one that runs all day.
    const persistence = { dataFolder, keepsHistory: !options.withParent, onNewToken: printToken };
    const succession = { startsFrozen: before !== undefined, upgrades: () => upgrades.status };
    const starting = up(loaded, { autoPort, watch, logDefaults, colour, ...persistence, ...push, ...succession });
    instance = await Promise.race([starting, stoppedFor(START_TIMEOUT_MS, stop.signal)]);
    if (instance === undefined) {
      starting.catch(() => undefined);
      log.warn("stopped before it was up");
      return EXIT.pass;
    }
    logUnclaimed(log);
    if (options.withParent) process.stdin.on("end", stop.request).resume();
    if (before !== undefined && !(await takeOver(before, { instance, upgrades, signal: stop.signal })))
      return EXIT.failed;
    if (options.json && before === undefined && !stop.signal.aborted) {
      const { listeners, statusUrl, localRoot } = instance;
      print(JSON.stringify({ pid: process.pid, statusUrl, listeners, localRoot }));
    }
    if (!stop.signal.aborted) manager.ready(servedText(instance));
    if (isOutdated) void reload();
    if (isMemoryScarce()) setTimeout(shrinkMemory, SHRINK_AFTER_MS).unref();
    upgrades.begin(instance, () => loaded.config.upgrade.timeout);
    const replaced = await Promise.race([aborted(stop.signal), upgrades.replaced]);
    if (replaced !== undefined) {
      manager.handOver(replaced.pid);
      await drain(instance, loaded.config.upgrade.drain, stop.signal);
      return EXIT.pass;
    }
    manager.stopping();
    await upgrades.stop();
    await instance.drain();
    await instance.stop();
    return EXIT.pass;
  } finally {
    exitSoon();
    manager.close();
    process.off("SIGHUP", onHangUp);
    process.off("SIGUSR1", onReopen);
    process.off("SIGUSR2", onUpgrade);
  }
}

/** Of the data folder, of new connections, and of what is said about this instance. @returns false where it was stopped first */
async function takeOver(
  before: Predecessor,
  {
    instance,
    upgrades,
    signal,
  }: { readonly instance: Instance; readonly upgrades: Upgrades; readonly signal: AbortSignal },
): Promise<boolean> {
  let isDone = false;
  try {
    const go = await Promise.race([before.ready(), aborted(signal)]);
    if (go === undefined) return false;
    await instance.thaw(go.state);
    // What is accepted from now on would be lost with this process.
    const silent = await silentThreads(SILENT_MS);
    if (silent.length > 0) throw new TenkError("worker-failed", `Its event loops do not answer: ${silent.join(" ")}`);
    await resumeAccepting();
    await requireHealthy(instance.statusUrl);
    before.serving();
    upgrades.tookOver(go);
    isDone = true;
    return true;
  } finally {
    if (!isDone) await instance.stop(0);
  }
}

/** Connections that are open end by themselves, within `drainMs`; or at once at a request to stop. */
async function drain(instance: Instance, drainMs: number, signal: AbortSignal): Promise<void> {
  const ended = instance.stop(drainMs);
  void aborted(signal).then(() => instance.stop(0));
  await ended;
}

function logUnclaimed(log: Log): void {
  for (const { address, isKept } of closeUnclaimed()) {
    // Between parts of the process before.
    if (address.startsWith("unix:@tenk-")) continue;
    if (isKept)
      log.warn("no listener uses a socket of systemd, clients that connect to it wait", {
        address,
        fix: "a listener at this address, or another ListenStream= or ListenDatagram= in the .socket unit",
      });
    else log.warn("inherited socket closed: no listener uses it", { address });
  }
}

/** Resolves `ms` after a request to stop: a handler's file may never finish loading. */
async function stoppedFor(ms: number, signal: AbortSignal): Promise<undefined> {
  await aborted(signal);
  await wait(ms, undefined, { ref: false });
}

/** Prints the link to a terminal only: anything else is a log, which others may read. A token in memory alone is then known to nobody. */
function printToken(link: string, file: string | undefined): void {
  if (process.stderr.isTTY !== true) {
    const fix = file === undefined ? { fix: "dashboard.tokenFile, or a data folder that can be written" } : { file };
    logOf("cli").info("token created, which logs in to the dashboard from anywhere", fix);
  } else {
    stderr.line(`\nthis link logs in from anywhere, and may close connections; it is shown only once\n  ${link}\n`);
  }
}

/** Exits even when a user's file has left a timer or a listener that would keep the process up. */
function exitSoon(): void {
  setTimeout(() => process.exit(), 1000).unref();
}
