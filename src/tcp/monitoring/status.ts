import type { ListenerCounts } from "../../net/mod.ts";
import type { RunningListener } from "../listeners/mod.ts";

/** `parts.tcp` of `/api/status`. */
export interface TcpView {
  readonly listeners: readonly ListenerStatus[];
}

/** One listener as `/api/status` shows it. */
export interface ListenerStatus {
  readonly name: string;
  readonly host: string;
  /** 0 where `path` is set. */
  readonly port: number;
  /** The Unix socket, where it listens on one. */
  readonly path?: string;
  readonly handler: string;
  readonly workers: number;
  /** The thread of each worker; null while it is started again. Empty where the one worker has none of its own. */
  readonly threads: readonly (number | null)[];
  /** Of a relay alone: its targets. */
  readonly relay?: RelayStatus;
  readonly counts: ListenerCounts;
}

/** One target of a relay, added up over event loops; null where there is nothing to tell. Moments are ISO 8601, UTC. */
export interface TargetView {
  readonly address: string;
  /** Each event loop finds out by itself: `partly out` where they differ. */
  readonly state: "up" | "out" | "partly out" | "draining";
  readonly weight: number;
  /** Pairs that are open or being connected. */
  readonly active: number;
  /** Pairs that were connected. */
  readonly total: number;
  /** Connects that failed, those of checks included. */
  readonly failures: number;
  readonly bytesToTarget: number;
  readonly bytesFromTarget: number;
  /** How long the last connect took, on the event loop where it took longest. */
  readonly connectMs: number | null;
  /** At most 300 characters. */
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  /** The first event loop's; null where none finds it out. */
  readonly outSince: string | null;
  /** When a client's connect may try one that is out; null where checks do. */
  readonly nextTryAt: string | null;
}

/** A relay's targets: at most 100, of more those first that are not up. */
export interface RelayStatus {
  /** Pairs that are open or being connected. */
  readonly pairs: number;
  /** Clients that were closed for want of a target, or because of `maxPairs`. */
  readonly withoutTarget: number;
  /** Those of the list, then those that left it and still have pairs. */
  readonly targets: readonly TargetView[];
  readonly targetsLeftOut: number;
}

export function listenerStatus({ name, config: { handler }, server }: RunningListener): ListenerStatus {
  const { host, port, path, workers } = server;
  const threads = server.workerThreads().map((thread) => thread ?? null);
  const place = { host, port, ...(path === undefined ? {} : { path }) };
  return { name, ...place, handler, workers, threads, counts: server.counts() };
}
