/** The JSON of the part `tcp`: its entry in `/api/status` → `parts`, and `/api/tcp/connections`. */

/** One target of a relay, added up over event loops; null where there is no value. Moments are ISO 8601, UTC. */
export interface TargetView {
  readonly address: string;
  /** Each event loop finds out on its own: `partly out` where they differ. */
  readonly state: "up" | "out" | "partly out" | "draining";
  readonly weight: number;
  /** Pairs that are open or being connected. */
  readonly active: number;
  /** Pairs that were connected. */
  readonly total: number;
  /** Failed connects, health checks included. */
  readonly failures: number;
  readonly bytesToTarget: number;
  readonly bytesFromTarget: number;
  /** Duration of the last connect, on the event loop where it took longest. */
  readonly connectMs: number | null;
  /** At most 300 characters. */
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  /** Since when the first event loop has had it out; null where none has. */
  readonly outSince: string | null;
  /** When a client's connect may try a target that is out; null where health checks try it. */
  readonly nextTryAt: string | null;
}

/** A relay's targets: at most 100; of more, those that are not up come first. */
export interface RelayStatus {
  /** Pairs that are open or being connected. */
  readonly pairs: number;
  /** Clients that were closed because no target was available, or because of `maxPairs`. */
  readonly withoutTarget: number;
  /** The targets of the list, then those that left it and still have pairs. */
  readonly targets: readonly TargetView[];
  readonly targetsLeftOut: number;
}

export interface ListenerView {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly handler: string;
  readonly workers: number;
  /** The thread of each worker; older versions do not send it. */
  readonly threads?: readonly (number | null)[];
  /** Of relays only. */
  readonly relay?: RelayStatus;
  readonly counts: {
    readonly active: number;
    readonly peak: number;
    readonly accepted: number;
    /** Frames passed to handlers that have a framing; older versions do not send it. */
    readonly framesRead?: number;
    readonly writeQueueBytes: number;
    readonly rejected: Readonly<Record<string, number>>;
    readonly closed: Readonly<Record<string, number>>;
  };
}

export const CONNECTION_SORTS = ["age", "idle", "read", "written", "queued"] as const;
export type ConnectionSort = (typeof CONNECTION_SORTS)[number];

export interface ConnectionRow {
  readonly id: number;
  readonly worker: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly wireAddress: string;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly queuedBytes: number;
  readonly rttMs?: number | undefined;
  readonly tls?: string | undefined;
}

/** `GET /api/tcp/connections?listener=&q=&sort=&order=&offset=&limit=` */
export interface ConnectionsAnswer {
  readonly total: number;
  readonly matched: number;
  readonly rows: readonly ConnectionRow[];
}
