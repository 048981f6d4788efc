import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";

/** What stands behind the message as `name=value`; keep it flat, one line an event. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The four levels tenk uses: `warn` is what a person should know, `error` what a person should mend. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * The log of one part (`net`, `load`, `app` …). Silent until the program configures a sink, as a library must be.
 *
 * @example
 * logOf("net").info("listening", { port: 9091 });
 */
export function logOf(part: string): Log {
  const logger = getLogger(["tenk", part]);
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => logger.warn(message, fields),
    error: (message, fields) => logger.error(message, fields),
  };
}

/** An event on its way from a worker to the thread that has the log. Plain data. */
export interface LogEntry {
  readonly part: string;
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: LogFields;
}

/** Hands every event of this thread to `send`: what a worker does, whose program logs elsewhere. */
export function carryLog(send: (entry: LogEntry) => void): void {
  configureSync({
    reset: true,
    sinks: {
      carry: (record) => send(entryOf(record)),
    },
    loggers: [
      { category: "tenk", lowestLevel: "debug", sinks: ["carry"] },
      { category: ["logtape", "meta"], lowestLevel: "fatal" },
    ],
  });
}

/** An event as a sink gets it. */
export function entryOf({ category, level, rawMessage, properties }: LogRecord): LogEntry {
  const known = level === "warning" ? "warn" : level === "fatal" ? "error" : level === "trace" ? "debug" : level;
  return {
    part: category[1] ?? "",
    level: known,
    message: String(rawMessage),
    fields: { ...(properties as LogFields) },
  };
}

/** Says what another thread said. */
export function logEntry({ part, level, message, fields }: LogEntry): void {
  logOf(part)[level](message, fields);
}

/**
 * Says an event at once, then at most once per `everyMs`, with how many were left unsaid in between:
 * what a hostile peer can cause a million times a second must not fill a disk.
 */
export function occasionally(say: (count: number) => void, everyMs = 1000, now: () => number = Date.now): () => void {
  let unsaid = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    unsaid += 1;
    const nowMs = now();
    if (nowMs - lastMs < everyMs) return;
    lastMs = nowMs;
    say(unsaid);
    unsaid = 0;
  };
}
