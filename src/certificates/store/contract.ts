import type { Log } from "../../base/mod.ts";
import type { Metric } from "../../metrics/mod.ts";
import type { Certificate } from "../../net/mod.ts";
import type { Clock } from "../clock.ts";
import type { ChallengeResponses, Issuer } from "../issuer.ts";

/**
 * The certificates of every listener. A certificate is issued for declared names only: a name that a client merely asks for is
 * never one.
 */
export interface CertificateStore {
  /**
   * Declares the names of one listener, until the declaration is closed, and resolves when they can be served. Certificates of the
   * local CA are then in place; those of ACME are the kept ones, and new ones follow by `changed`. A reload declares the new names first and
   * closes the old declaration when it commits (or the new one when it drops): what is in both stays as it is.
   *
   * @throws {TenkError} `config` for a name that no certificate can have
   */
  declare(names: readonly string[], options: DeclareOptions): Promise<Declaration>;
  /** One row for each certificate, sorted by its first name. Has no key in it. */
  status(): CertificateStatus[];
  readonly metrics: readonly Metric[];
  /** The key authorization for `GET /.well-known/acme-challenge/TOKEN`; undefined for an unknown token. */
  httpChallenge(token: string): string | undefined;
  /** All current responses to HTTP challenges, for handlers on other threads. */
  httpChallenges(): Readonly<Record<string, string>>;
  /** Where issuers put their responses. */
  readonly challenges: ChallengeResponses;
  /** Resolves when nothing is being issued or written. */
  idle(): Promise<void>;
  /** Cancels what is in progress and stops the timer. Files stay. */
  close(): Promise<void>;
  /**
   * Orders and renews nothing until `thaw`, since another process is about to. An order under way may end, for a while; then it is given
   * up, and the other process orders anew.
   */
  freeze(): Promise<void>;
  thaw(): void;
}

export interface DeclareOptions {
  /** Of the listener, for log lines. */
  readonly owner: string;
  /**
   * Called when another certificate or challenge response is to be served: `server.updateTls({ ...own, ...declaration.tls })`. Its promise
   * waits for a listener that is not up yet, because a CA is told to look as soon as it resolves. The next call comes after it has settled. A
   * rejection is logged and repeated with the next change.
   */
  changed(declaration: Declaration): void | Promise<void>;
}

/** The certificates of a listener, as `listen` and `updateTls` take them (a part of `ServerTlsOptions`). */
export interface DeclaredTls extends Certificate {
  /** For clients that name no host, or an unknown one: of the local CA, for loopback and declared private addresses. */
  readonly cert: string;
  readonly key: string;
  readonly names: Readonly<Record<string, Certificate>>;
  /** Certificates for `acme-tls/1` only. */
  readonly challenges: Readonly<Record<string, Certificate>>;
}

export interface Declaration {
  readonly names: readonly string[];
  /** The current ones; another object after each change. */
  readonly tls: DeclaredTls;
  /** Names that no other declaration has are no longer renewed. Their files stay. */
  close(): void;
}

export interface StoreOptions {
  /** Has the files; undefined keeps everything in memory. */
  readonly folder: string | undefined;
  /** For names and addresses that are not public, and `localDomains`. */
  readonly local: Issuer;
  /** For public names and addresses; it gets the store's `challenges`. Without one they have no certificate, and the status says so. */
  readonly acme?: (challenges: ChallengeResponses) => Issuer;
  /** Domains that are local though they look public: the user's `domain`, such as `fritz.box`. @default {[]} */
  readonly localDomains?: readonly string[];
  readonly clock?: Clock;
  readonly log?: Log;
  /** Names in all declarations together. @default {1000} */
  readonly maxNames?: number;
  /** Certificates issued at one time by each issuer. @default {4} */
  readonly maxInProgress?: number;
  /** @default {300_000} */
  readonly issueTimeoutMs?: number;
  /** How long a freeze waits for orders under way. @default {10_000} */
  readonly freezeMs?: number;
  /** It begins as after `freeze`: only the local CA issues, what a listener cannot start without. @default {false} */
  readonly startsFrozen?: boolean;
}

/** One certificate, for `tenk status`, the page and `/api/status`. */
export interface CertificateStatus {
  readonly names: readonly string[];
  readonly issuer: string;
  /** `valid`, also while a renewal fails; `pending`: none yet; `expired`; `not-yet-valid`: one of the clocks is wrong. */
  readonly state: "valid" | "pending" | "expired" | "not-yet-valid";
  /** Unix milliseconds; undefined without a certificate, as `daysLeft`. */
  readonly notAfterMs: number | undefined;
  /** Rounded down; negative once expired. */
  readonly daysLeft: number | undefined;
  readonly nextRenewalMs: number | undefined;
  /** It is in the folder, not only in memory. */
  readonly isStored: boolean;
  readonly lastError: CertificateError | undefined;
}

export interface CertificateError {
  readonly step: string;
  readonly message: string;
  readonly fix: string | undefined;
  readonly atMs: number;
  /** Failures in a row. */
  readonly failures: number;
}
