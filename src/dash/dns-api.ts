/** The JSON of the part `dns`: its entry in `/api/status` → `parts`, and `/api/dns/…`. Moments are in milliseconds since 1970. */

/** `parts.dns` */
export interface DnsView {
  readonly port: number;
  /** Since the start. */
  readonly queries: Readonly<Record<"total" | "local" | "special" | "blocked" | "cached" | "forwarded", number>>;
  readonly blocking: BlockingAnswer;
  /** Distinct names in the lists. */
  readonly names: number;
  readonly lists: readonly DnsListView[];
  readonly upstreams: readonly DnsUpstreamView[];
}

/** `GET` and `POST /api/dns/blocking` */
export interface BlockingAnswer {
  readonly isEnabled: boolean;
  /** Null where it is not paused. */
  readonly pausedUntilMs: number | null;
  /** Paused for these alone. */
  readonly clients: readonly { readonly client: string; readonly pausedUntilMs: number | null }[];
}

export interface DnsListView {
  readonly name: string;
  readonly kind: "block" | "allow";
  readonly names: number;
  readonly rules: number;
  readonly invalid: number;
  /** Why the last fetch failed; null where it did not. */
  readonly problem: string | null;
}

export interface DnsUpstreamView {
  readonly name: string;
  readonly isDown: boolean;
  /** Null while none has answered. */
  readonly rttMs: number | null;
  readonly queries: number;
  readonly answers: number;
}

/** `GET` and `POST /api/dns/rules` */
export interface ClickedRulesAnswer {
  readonly file: string;
  readonly rules: readonly {
    readonly name: string;
    readonly action: "allow" | "block";
    readonly since: string | null;
  }[];
}

/** A query of the log. All texts are from the network or from lists. */
export interface LoggedQuery {
  readonly id: number;
  readonly time: number;
  readonly client: string | null;
  readonly clientName: string | null;
  readonly name: string | null;
  readonly type: string;
  readonly verdict: string;
  readonly rcode: string;
  readonly transport: string;
  readonly stale: boolean;
  /** Null where it was answered from memory. */
  readonly latencyMs: number | null;
  readonly upstream: string | null;
  readonly lists: readonly string[];
  readonly rule: string | null;
}

/** `GET /api/dns/why`. Names and lines are from the network and from lists. */
export interface WhyAnswer {
  readonly name: string;
  readonly type: string;
  readonly client: string;
  /** `forwarded`: an upstream would be asked. */
  readonly verdict: string;
  /** Null where an upstream would be asked. */
  readonly rcode: string | null;
  readonly records: readonly string[];
  /** What lists say of this name, or of one that its answer leads to; null where they say nothing. */
  readonly lists: {
    readonly name: string;
    readonly action: "block" | "allow" | "rewrite";
    readonly lines: readonly { readonly list: string; readonly line: number; readonly text: string }[];
  } | null;
  readonly isPaused: boolean;
  readonly cache: { readonly ageSeconds: number; readonly ttlSeconds: number } | null;
  readonly upstreams: readonly string[];
}

/** `GET /api/dns/log`, the newest first. `before` leads to the next page; null on the last one. */
export interface QueryLogAnswer {
  readonly entries: readonly LoggedQuery[];
  readonly before: number | null;
}

interface TopClient {
  readonly client: string;
  readonly name: string | null;
  readonly queries: number;
  readonly blocked: number;
}

interface TopName {
  readonly name: string;
  readonly queries: number;
}

/** `GET /api/dns/statistics` */
export interface DnsStatisticsAnswer {
  readonly fromMs: number;
  readonly queries: number;
  /** 0 to 1 */
  readonly blockedShare: number;
  readonly clients: readonly TopClient[];
  readonly blockedNames: readonly TopName[];
  readonly allowedNames: readonly TopName[];
}
