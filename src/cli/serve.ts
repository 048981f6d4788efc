import { setTimeout as wait } from "node:timers/promises";
import { type LoadedConfig, up, usualDataFolder } from "../app/mod.ts";
import { logOf, withHint } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { type LogLevel, startLogging } from "./logging.ts";
import { print } from "./output.ts";
import type { PushPlan } from "./push.ts";
import { aborted, stopper } from "./stopper.ts";
import { stderr } from "./terminal.ts";

/** What has begun to start is given this long to be up, and then stopped in order. */
const STARTING_MS = 1000;

export interface ServeOptions {
  readonly autoPort?: boolean | undefined;
  readonly watch?: boolean | undefined;
  readonly logDefaults?: boolean | undefined;
  /** Print where it listens as one line of JSON once it is up. */
  readonly json?: boolean | undefined;
  /** Instead of the configuration's. */
  readonly logLevel?: LogLevel | undefined;
  /** Push metrics there. */
  readonly push?: PushPlan | undefined;
  /** End when standard input ends, and not at a signal: what is sent to the group is for who started us. */
  readonly withParent?: boolean | undefined;
}

/**
 * Brings up what `load` says and serves until asked to stop; SIGHUP asks `load` again, and tells it what is served. A
 * configuration that is wrong then changes nothing.
 */
export async function serve(
  load: (before: LoadedConfig | undefined) => LoadedConfig,
  options: ServeOptions,
): Promise<number> {
  let loaded = load(undefined);
  await startLogging(options.logLevel ?? loaded.config.log.level);
  const log = logOf("cli");
  if (loaded.isEmpty) log.warn("the configuration says nothing: every setting by default", { file: loaded.file });
  using stop = stopper("stopping", options.withParent ? [] : undefined);
  const { autoPort = false, watch = false, logDefaults = true } = options;
  const colour = process.stderr.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  // Before it is up: a SIGHUP that nobody listens to ends the process. What was changed since is read when it is up.
  let instance: Awaited<ReturnType<typeof up>> | undefined;
  let isOutdated = false;
  async function reload(): Promise<void> {
    isOutdated = instance === undefined;
    if (instance === undefined || stop.signal.aborted) return;
    try {
      const changed = load(loaded);
      await instance.reload(changed);
      const isFound = loaded.file === undefined && changed.file !== undefined;
      if (isFound) log.warn("a configuration was found, and is the one from now on", { file: changed.file });
      loaded = changed;
      await startLogging(options.logLevel ?? changed.config.log.level);
    } catch (error) {
      log.error(`not reloaded, nothing has changed\n${withHint(error)}`);
    }
  }
  const onHangUp = () => void reload();
  process.on("SIGHUP", onHangUp);
  try {
    const push = options.push === undefined ? {} : { push: options.push };
    const dataFolder = usualDataFolder();
    // A box of minutes has nothing to add to the history of the one that is up all day.
    const records = { dataFolder, keepsHistory: !options.withParent, onNewToken: sayToken };
    const starting = up(loaded, { autoPort, watch, logDefaults, colour, ...records, ...push });
    instance = await Promise.race([starting, stoppedFor(STARTING_MS, stop.signal)]);
    if (instance === undefined) {
      starting.catch(() => undefined);
      log.warn("stopped before it was up");
      return EXIT.pass;
    }
    if (options.withParent) process.stdin.on("end", stop.request).resume();
    if (options.json && !stop.signal.aborted) {
      const { listeners, statusUrl } = instance;
      print(JSON.stringify({ pid: process.pid, statusUrl, listeners }));
    }
    if (isOutdated) void reload();
    await aborted(stop.signal);
    await instance.stop();
    return EXIT.pass;
  } finally {
    endSoon();
    process.off("SIGHUP", onHangUp);
  }
}

/** A handler's file may never finish loading: who wants to stop does not wait for it. */
async function stoppedFor(ms: number, signal: AbortSignal): Promise<undefined> {
  await aborted(signal);
  await wait(ms, undefined, { ref: false });
}

/** To the terminal and nowhere else: it opens everything, and what is no terminal is a log, which others read. */
function sayToken(link: string, file: string | undefined): void {
  if (file !== undefined && process.stderr.isTTY !== true) {
    stderr.line(`the token that opens the dashboard from anywhere is in ${file}`);
  } else {
    stderr.line(
      `\nwho follows this link may look from anywhere, and close connections; it is shown this once\n  ${link}\n`,
    );
  }
}

/** A user's file may have left a timer or a listener of its own that would keep the process up for ever. */
function endSoon(): void {
  setTimeout(() => process.exit(), 1000).unref();
}
