/** Why a list could not be fetched, or is none. A closed set: it is a metric label. */
export const LIST_FAILURES = [
  "unreachable", // no complete answer, with or without a status
  "status", // another status than 200 and 304
  "redirect", // too many, or to where a list may not lead
  "too-large", // more bytes than allowed, packed or unpacked
  "not-text", // UTF-16, binary, broken compression
  "not-a-list", // an HTML page, no names, or mostly invalid lines
  "disk", // it could not be written
] as const;
export type ListFailure = (typeof LIST_FAILURES)[number];

/** Thrown when a list cannot be used; the old copy stays. The message contains nothing that the list's server sent. */
export class ListError extends Error {
  override readonly name = "ListError";
  readonly failure: ListFailure;

  constructor(failure: ListFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}
