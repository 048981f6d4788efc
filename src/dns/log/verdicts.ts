/** What became of a query. Numbers, because an entry of the log is bytes; they are also on disk: append, never renumber. */
export const LogVerdict = {
  local: 0,
  special: 1,
  rewritten: 2,
  blocked: 3,
  cached: 4,
  forwarded: 5,
  refused: 6,
  malformed: 7,
  failed: 8,
} as const;
export type LogVerdict = (typeof LogVerdict)[keyof typeof LogVerdict];

/** By their number. A closed set: a filter, and a label of counts. */
export const VERDICT_NAMES = Object.keys(LogVerdict) as readonly VerdictName[];
export type VerdictName = keyof typeof LogVerdict;

/** How a query came. */
export const Transport = { udp: 0, tcp: 1, tls: 2, https: 3 } as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

export const TRANSPORT_NAMES = Object.keys(Transport) as readonly TransportName[];
export type TransportName = keyof typeof Transport;

/** What the log may contain; each level hides what the one before it hides (Pi-hole's levels, and none at all). */
export const Privacy = { showAll: 0, hideNames: 1, hideClients: 2, onlyCounts: 3, nothing: 4 } as const;
export type Privacy = (typeof Privacy)[keyof typeof Privacy];

/** What made the decision about a query: an entry of lists with a plain name, or a rule. */
export interface Decided {
  /** Mask of the lists with the entry or rule; 0 where no list says anything. */
  readonly lists: number;
  /** Labels of the entry: 2 for `||example.org^`. 0 where it was a rule. */
  readonly labels: number;
  readonly rule: { readonly placed: { readonly file: number; readonly line: number } } | undefined;
}
