/** The causes of a `TenkError`. Programs switch on the code, people read the message. */
export type ErrorCode =
  | "usage" // the command line, or a request
  | "config" // the configuration file
  | "invalid-option" // a library option outside its range
  | "port-in-use"
  | "address-unavailable"
  | "permission-denied"
  | "descriptors-exhausted"
  | "connect-refused"
  | "connect-timeout"
  | "connect-aborted"
  | "connect-failed"
  | "name-not-found"
  | "tls-failed"
  | "proxy-refused" // the proxy did not connect to the target
  | "pool-exhausted" // no connection of the pool became free in time, or too many wait
  | "request-failed" // an HTTP request got no whole answer
  | "request-timeout"
  | "worker-failed" // an event loop ended unexpectedly
  | "not-found" // what a request names does not exist
  | "file-unreadable"
  | "upgrade-failed" // the process goes on as before
  | "unsupported";

/**
 * An error a caller is expected to handle. The message says what was wrong, where and what was expected;
 * `hint`, where there is one, says what to do about it.
 *
 * @example
 * const error = new TenkError("usage", 'Unknown unit in "10x": expected k, m or g', { hint: "write 10k" });
 * error.code; // "usage"
 */
export class TenkError extends Error {
  override readonly name = "TenkError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** Returns the message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns the message of anything that was thrown, with its hint. */
export function withHint(thrown: unknown): string {
  const hint = thrown instanceof TenkError && thrown.hint ? ` (${thrown.hint})` : "";
  return messageOf(thrown) + hint;
}

/** Returns the system's code of an error (`ECONNREFUSED`); undefined when there is none. */
export function systemCodeOf(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Usual errors of files, in words. */
const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a directory",
  EISDIR: "it is a directory",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "its file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's quota is used up",
};

/** Returns why a file could not be read or written, in words for the usual reasons. */
export function fileProblemOf(thrown: unknown): string {
  return FILE_PROBLEMS[systemCodeOf(thrown) ?? ""] ?? messageOf(thrown);
}
