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

/** A call counts an event. `flush` says what is still unsaid, as when what it is about stops. */
export interface Occasional<Detail> {
  (detail: Detail): void;
  flush(): void;
}

/** Waits for a while and then does something; does not keep the program alive. */
export type Later = (work: () => void, ms: number) => void;

/** Those with something unsaid. */
const unsaidOnes = new Set<Occasional<never>>();

/**
 * Says an event at once, then at most once per `everyMs` how many more there were, with the detail of the last: what a hostile
 * peer can cause a million times a second must not fill a disk. The counts that are said add up to the events.
 */
export function occasionally<Detail = void>(
  say: (count: number, last: Detail) => void,
  everyMs = 1000,
  later: Later = (work, ms) => void setTimeout(work, ms).unref(),
): Occasional<Detail> {
  let unsaid = 0;
  let last: Detail;
  let isWaiting = false;
  function flush(): void {
    unsaidOnes.delete(event);
    if (unsaid === 0) return;
    const count = unsaid;
    unsaid = 0;
    say(count, last);
  }
  function wait(): void {
    isWaiting = true;
    later(() => {
      isWaiting = false;
      if (unsaid === 0) return;
      flush();
      wait();
    }, everyMs);
  }
  const event = Object.assign(
    (detail: Detail) => {
      unsaid += 1;
      last = detail;
      if (isWaiting) return void unsaidOnes.add(event);
      flush();
      wait();
    },
    { flush },
  );
  return event;
}

/** As `occasionally`, each key by itself: a frequent one does not take the count of a rare one. Keys are a small closed set. */
export function occasionallyEach<Key, Detail = void>(
  say: (key: Key, count: number, last: Detail) => void,
): (key: Key, detail: Detail) => void {
  const byKey = new Map<Key, Occasional<Detail>>();
  return (key, detail) => {
    const event = byKey.get(key) ?? occasionally<Detail>((count, last) => say(key, count, last));
    byKey.set(key, event);
    event(detail);
  };
}

/** Says what every `occasionally` of this thread has left unsaid: at a stop, before nobody is there to say it. */
export function flushOccasional(): void {
  for (const event of [...unsaidOnes]) event.flush();
}
