import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";

/** Printed behind the message as `name=value`. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The four levels that tenk uses: `warn` is what a person should know, `error` what a person should fix. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * Returns the log of one part (`net`, `load`, `app` …). It is silent until the program configures a sink, as a library must be.
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

/** A log event, as plain data that workers can send to the main thread. */
export interface LogEntry {
  readonly part: string;
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: LogFields;
}

/** Passes every event of this thread to `send`: for a worker, whose main thread has the log. */
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

/** Converts an event of the logging library. */
export function entryOf({ category, level, rawMessage, properties }: LogRecord): LogEntry {
  const known = level === "warning" ? "warn" : level === "fatal" ? "error" : level === "trace" ? "debug" : level;
  return {
    part: category[1] ?? "",
    level: known,
    message: String(rawMessage),
    fields: { ...(properties as LogFields) },
  };
}

/** Logs an event of another thread. */
export function logEntry({ part, level, message, fields }: LogEntry): void {
  logOf(part)[level](message, fields);
}

/** Each call counts an event; `flush` logs those that are not logged yet. */
export interface Occasional<Detail> {
  (detail: Detail): void;
  flush(): void;
}

/** Calls `work` after `ms` milliseconds; does not keep the process alive. */
export type Later = (work: () => void, ms: number) => void;

/** Those with events that are not logged yet. */
const pending = new Set<Occasional<never>>();

/**
 * Logs the first event at once, then at most once per `everyMs` the number of further ones, with the detail of the last. A hostile
 * peer, which can cause a million events a second, must not fill the disk. The logged counts add up to the events.
 */
export function occasionally<Detail = void>(
  log: (count: number, last: Detail) => void,
  everyMs = 1000,
  later: Later = (work, ms) => void setTimeout(work, ms).unref(),
): Occasional<Detail> {
  let unlogged = 0;
  let last: Detail;
  let isWaiting = false;
  function flush(): void {
    pending.delete(event);
    if (unlogged === 0) return;
    const count = unlogged;
    unlogged = 0;
    log(count, last);
  }
  function wait(): void {
    isWaiting = true;
    later(() => {
      isWaiting = false;
      if (unlogged === 0) return;
      flush();
      wait();
    }, everyMs);
  }
  const event = Object.assign(
    (detail: Detail) => {
      unlogged += 1;
      last = detail;
      if (isWaiting) return void pending.add(event);
      flush();
      wait();
    },
    { flush },
  );
  return event;
}

/** As `occasionally`, separately for each key, so that a frequent one does not hide a rare one. Keys are a small closed set. */
export function occasionallyEach<Key, Detail = void>(
  log: (key: Key, count: number, last: Detail) => void,
): (key: Key, detail: Detail) => void {
  const byKey = new Map<Key, Occasional<Detail>>();
  return (key, detail) => {
    const event = byKey.get(key) ?? occasionally<Detail>((count, last) => log(key, count, last));
    byKey.set(key, event);
    event(detail);
  };
}

/** Logs all events of this thread's `occasionally` that are not logged yet: called at a stop. */
export function flushOccasional(): void {
  for (const event of [...pending]) event.flush();
}
