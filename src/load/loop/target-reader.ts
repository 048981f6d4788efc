import type { ServerReport } from "../report.ts";

/** What a listener of a tenk instance counts. */
export interface TargetCounts {
  /** Connections that are open, and the most since it started. */
  readonly open: number;
  readonly peak: number;
  /** By name; none ever falls. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What a run sent, which the target must have counted. */
export interface SentCounts {
  readonly sent: number;
  /** Of messages; those that each connection begins with are apart. */
  readonly bytes: number;
  readonly firstBytes: number;
  /** Of every message, where all have one length. */
  readonly lengthBytes: number | undefined;
  /** What the protocol counts beside the loop. */
  readonly byProtocol: Readonly<Record<string, number>>;
}

/** How a protocol reads its own counters of a target that is a tenk instance. `grown` is by how much each counter grew in the run. */
export interface TargetReader {
  /**
   * Reads the counters of the listener on `port`; undefined where the instance has none.
   *
   * @param parts of `/api/status`; anything in it may be missing
   * @throws {Error} when it is not what a tenk instance answers
   */
  read(parts: Readonly<Record<string, unknown>>, port: number): TargetCounts | undefined;
  /** Returns true when the target has counted everything that was sent. */
  hasAll(grown: TargetCounts["counts"], sent: SentCounts): boolean;
  report(
    grown: TargetCounts["counts"],
    sent: SentCounts,
  ): Pick<ServerReport, "received" | "bytesReceived" | "requests">;
  /** What must hold where the counters were read. */
  readonly expectation: string;
}
