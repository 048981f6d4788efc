/**
 * How one service is probed, in the words of `services.NAME.probe`. Times are milliseconds, sizes bytes. What is undefined is as the
 * section `probe:` says for all services, or as is usual for the service's kind.
 */
export interface ServiceProbe {
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
  readonly slow?: number | undefined;
  readonly retries?: readonly number[] | undefined;
  readonly successes?: number | undefined;
  readonly maxStarting?: number | undefined;
  readonly certificateDays?: number | undefined;
  // Of HTTP
  /** Path and query: it begins with one `/`, so that it names no other host. */
  readonly path?: string | undefined;
  readonly method?: "GET" | "HEAD" | undefined;
  /** Statuses that are fine, or their classes: `200`, `2xx`. */
  readonly status?: readonly string[] | undefined;
  /** Fields that the answer must have: `true`, or a text that the value must contain. */
  readonly header?: Readonly<Record<string, string | true>> | undefined;
  /** Texts that the body must contain, and must not. */
  readonly body?: string | undefined;
  readonly notBody?: string | undefined;
  /** Values by path: `{ ".status": "pass" }`. */
  readonly json?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  /** Fields to send. May be secret. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** More is read of no body, decompressed or not. */
  readonly maxBody?: number | undefined;
  readonly redirects?: "none" | "same-host" | undefined;
  readonly maxRedirects?: number | undefined;
  // Who asks
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly passwordEnv?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly tokenEnv?: string | undefined;
  /** How TLS is done; without it as `services.NAME.tls` says, where the target has TLS. */
  readonly tls?: ServiceProbeTls | undefined;
  // Of PostgreSQL, MySQL and MariaDB
  readonly database?: string | undefined;
  readonly query?: string | undefined;
  /** What the first column of the first row must be: a value, or a comparison such as `< 10`. */
  readonly expect?: string | number | boolean | undefined;
  // Of DNS
  /** Data that the answer must have: `192.0.2.7`. */
  readonly answer?: readonly string[] | undefined;
  // Of files, and of jobs that systemd runs
  /** What was written, or has run, longer ago is too old. */
  readonly maxAge?: number | undefined;
  readonly minSize?: number | undefined;
  // Of jobs that call
  /** From one call to the next. */
  readonly every?: number | undefined;
  /** As in a cron table, instead of `every`. */
  readonly schedule?: string | undefined;
  /** Of the schedule: `Europe/Berlin`. */
  readonly timeZone?: string | undefined;
  /** How long a call may be late. */
  readonly grace?: number | undefined;
  /** How long a run may take that said it has begun. */
  readonly maxRun?: number | undefined;
  // Of TCP
  /** Whether a service without a known kind may be recognised. */
  readonly recognize?: boolean | undefined;
}

export interface ServiceProbeTls {
  readonly verify: boolean;
  readonly serverName?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}
