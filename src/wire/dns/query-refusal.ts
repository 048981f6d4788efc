/** What a server does with a message that should be a query. */
export const QueryVerdict = {
  /** Answers it. */
  ok: 0,
  /** Sends nothing: an answer could go round in circles between two servers, or has no id to carry. */
  drop: 1,
  /** Answers FORMERR. */
  formErr: 2,
  /** Answers NOTIMP. */
  notImp: 3,
  /** Answers BADVERS (RFC 6891 §6.1.3). */
  badVers: 4,
} as const;

export type QueryVerdict = (typeof QueryVerdict)[keyof typeof QueryVerdict];

/** Why a message is no query that is answered. A closed set: it may be a metric label. */
export const QUERY_REFUSALS = {
  short: QueryVerdict.drop, // no whole header
  response: QueryVerdict.drop,
  opcode: QueryVerdict.notImp, // NOTIFY, UPDATE, …
  "question-count": QueryVerdict.formErr, // none, or several
  name: QueryVerdict.formErr, // compressed, too long, or cut off
  "question-cut": QueryVerdict.formErr, // no type and class behind the name
  // Answers, authority, TSIG, SIG(0), a second OPT. A signature cannot be checked without keys, and its sender would take no answer
  // without one.
  "unexpected-records": QueryVerdict.formErr,
  "opt-cut": QueryVerdict.formErr,
  options: QueryVerdict.formErr, // too many, or one that is not sound
  "trailing-bytes": QueryVerdict.formErr,
  "edns-version": QueryVerdict.badVers,
} as const;

export type QueryRefusal = keyof typeof QUERY_REFUSALS;
