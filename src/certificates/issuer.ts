/**
 * The contract between the certificate store and those who issue certificates: the local CA (`local/`) and ACME (`acme/`).
 *
 * ```text
 *   store ── issue(request) ──────────► issuer ── serveTls, serveHttp ──► ChallengeResponses (the store's, for ACME)
 *         ◄─ IssuedCertificate ────────        ── throws IssueError: which step, what was answered, what to do
 *         ── renewalWindow(certificate) ►      (RFC 9773, where the CA offers it)
 * ```
 */
export interface Issuer {
  /** Shown in status and metrics, and kept in the certificate's file: `local`, `acme`. */
  readonly name: string;
  /**
   * Whether it reads validity dates off this machine's clock, as the local CA does. When that clock was wrong, the store issues again.
   * A public CA has a clock of its own: a certificate of it that is "not yet valid" means that ours is wrong.
   */
  readonly usesOurClock: boolean;
  /** The wait after a first failure; doubled after each further one. @default {60_000} */
  readonly retryMs?: number;
  /**
   * Returns a certificate for exactly the names of `request`. The store calls it for declared names only, never twice at a time for
   * the same names, and keeps what it returns. It must not write the certificate itself.
   *
   * @throws {IssueError}
   */
  issue(request: IssueRequest): Promise<IssuedCertificate>;
  /** Whether a kept certificate can still be served; false has it replaced at once. @default {always} */
  isCurrent?(certificate: IssuedCertificate): Promise<boolean>;
  /** Called now and then while the issuer may hold what a disk did not take. */
  retryWrites?(): Promise<void>;
  /** Asks when a certificate should be renewed; undefined where the issuer has no opinion. Failures are logged, and change nothing. */
  renewalWindow?(certificate: IssuedCertificate, signal: AbortSignal): Promise<RenewalWindow | undefined>;
}

export interface IssueRequest {
  /** Checked by `checkedName`: lower-case DNS names (`git.home.arpa`, `*.home.arpa`) or addresses in their shortest form (`::1`). */
  readonly names: readonly string[];
  /** The certificate that this one replaces (`replaces` of RFC 9773 §5). */
  readonly previous?: IssuedCertificate;
  /** Aborted at a stop, when the names are no longer declared, or after `StoreOptions.issueTimeoutMs`. */
  readonly signal: AbortSignal;
}

/** Plain data. `key` never appears in a log line, an error, a status or an answer to a request. */
export interface IssuedCertificate {
  /** PEM, the leaf first, then intermediates; without the root. */
  readonly cert: string;
  /** PKCS #8 as PEM (`-----BEGIN PRIVATE KEY-----`). */
  readonly key: string;
}

/** The store picks one moment in it at random. */
export interface RenewalWindow {
  readonly startMs: number;
  readonly endMs: number;
  /** Ask again after this long (`Retry-After`). @default {6 hours} */
  readonly retryAfterMs?: number;
}

/**
 * Where an issuer puts its responses to a CA's challenges; the store implements it. Each call resolves when every listener serves the
 * response, with the function that removes it again.
 */
export interface ChallengeResponses {
  /** Serves `certificate` for handshakes that name `name` and offer only `acme-tls/1` (RFC 8737 §3). */
  serveTls(name: string, certificate: IssuedCertificate): Promise<() => void>;
  /** Answers `GET /.well-known/acme-challenge/TOKEN` with `keyAuthorization`, before any route (RFC 8555 §8.3). */
  serveHttp(token: string, keyAuthorization: string): Promise<() => void>;
}

export interface IssueErrorOptions {
  readonly cause?: unknown;
  /** What a person should do about it. */
  readonly fix?: string;
  /** Not to be tried again before this (a rate limit's `Retry-After`). */
  readonly retryAfterMs?: number;
}

/** A certificate that was not issued. The message is one sentence, with the CA's own words where it gave some. */
export class IssueError extends Error {
  override readonly name = "IssueError";
  /** What failed, in a few words: `new order`, `http-01 challenge`, `sign`. */
  readonly step: string;
  readonly fix: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(step: string, message: string, { cause, fix, retryAfterMs }: IssueErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.step = step;
    this.fix = fix;
    this.retryAfterMs = retryAfterMs;
  }
}
