import type { TenkError } from "../../base/mod.ts";
import type { AddressOutcomes } from "../../net/mod.ts";
import type { Latencies, ProtocolLatency } from "../measure/mod.ts";
import type { MessageSource, ReplyFinder, StopFinder } from "../message/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { ProtocolReport, Report } from "../report.ts";
import type { ProtocolProgress } from "../snapshot.ts";
import type { Slice } from "./slice.ts";
import type { TargetReader } from "./target-reader.ts";

/**
 * A connection as the loop uses it. A stream of bytes is one (`Connection<number>` of `net/`), and so is a connected datagram
 * socket or one numbered request of a shared socket: messages go out by `write`, and answers come in their order.
 */
export interface LoadConnection {
  /** Its slot in the connection table; the loop sets -1 when the connection leaves it. */
  data: number;
  /** Bytes that `write` took and the system did not take yet. */
  readonly queuedBytes: number;
  /** Bytes that the system took. */
  readonly bytesWritten: number;
  /** Takes one or more whole messages; they are borrowed. Returns 0 where the connection is closed. */
  write(bytes: Uint8Array): number;
  /** Takes a message that `returned` told of, from this connection or another. Returns false where the connection is closed. */
  writeAgain?(message: object): boolean;
  /** Sends nothing more and waits for the peer's end. */
  end(): void;
  close(): void;
  /** Its oldest message has waited for its answer as long as the plan allows: `failed` or `close` follows. */
  expire?(): void;
}

/** Events of connections, which the loop handles. */
export interface TransportEvents {
  open(connection: LoadConnection): void;
  /** Bytes came; they are borrowed. */
  chunk(connection: LoadConnection, bytes: Uint8Array): void;
  /** So many bytes came: instead of `chunk`, for protocols that find the answers themselves. */
  came(connection: LoadConnection, bytes: number): void;
  /**
   * Called once for each connection that was opened. Losses are counted by `reason`; undefined = it ended as both sides had agreed,
   * and another is opened in its place.
   */
  close(connection: LoadConnection, reason: string | undefined): void;
  /**
   * The next four are for protocols that find the answers themselves. A message is named by its position among those of its
   * connection that are unanswered, in the order in which they were sent: 0 is the oldest. What came is told of by `chunk` or `came` before.
   * The first byte of its answer came.
   */
  began(connection: LoadConnection, position: number): void;
  /**
   * The answer is complete. The next message may be written within this call, unless it `isLast`: the connection takes no more, and
   * `close` follows.
   *
   * @returns microseconds from its sending; -1 where no message asked for it
   */
  answered(connection: LoadConnection, position: number, isLast?: boolean): number;
  /** No answer will come, although the connection goes on. */
  failed(connection: LoadConnection, position: number): void;
  /**
   * The peer has not looked at the message and never will: it is sent again on the next connection that is free, by `writeAgain`, and its
   * planned moment stays. Returns false where it is too late for that: then the message has failed.
   */
  returned(connection: LoadConnection, position: number, message: object): boolean;
  /** The connection takes no more messages. `close` follows when those under way are answered. */
  leaving(connection: LoadConnection): void;
  /** The run cannot go on, and ends with this error. */
  broken(error: TenkError): void;
  /** A part of a connect, or a ping, took so long. */
  took(name: ProtocolLatency, ms: number): void;
}

/** Opens the connections of one event loop. */
export interface Transport {
  /**
   * Opens a connection whose `data` is `slot`. Resolves after its `open` event; rejects when it cannot be opened or `signal` aborts.
   *
   * @param uid its number among all connections of the run
   */
  connect(slot: number, uid: number, signal: AbortSignal): Promise<unknown>;
  /**
   * Sends what was written, then blocks this thread until something comes, or for so long, and tells of it: for sockets that the
   * runtime's event loop does not watch. Timers and messages wait meanwhile, 10 ms at most.
   */
  wait?(ms: number): void;
  /** A message that was `returned` found no connection until the end. */
  gaveUp?(message: object): void;
  /** What failures are counted by: the phase of a connect and the cause, such as `connect ECONNREFUSED`. */
  causeOf(error: unknown): string;
  /** Bytes that the system took, over all connections. */
  readBytesSent(): number;
  /** How connects ended at each address of a target that is a name. */
  readAddresses(): AddressOutcomes;
}

/** Messages as the loop takes them; those of `MessageSource` do not depend on the slot. */
export interface LoopSource extends Omit<MessageSource, "nextBytes"> {
  /**
   * @see MessageSource
   * @param slot of the connection: state kept by it outlives a connection, and the next one in its place goes on with it
   */
  nextBytes(uid: number, nowUs: number, slot: number): Uint8Array;
}

/** A protocol on one event loop; its sources and finders hold scratch space. */
export interface LoopProtocol {
  /** Writes the messages. None = connections are opened and held. */
  readonly source: LoopSource | undefined;
  /**
   * Finds the answers. None = what comes back is counted in bytes, and no latency is taken, unless the plan's traffic
   * `reportsAnswers`.
   */
  readonly replies: ReplyFinder | undefined;
  /** Finds the text that ends the run. */
  readonly stop: StopFinder | undefined;
  openTransport(events: TransportEvents): Transport;
  /**
   * What it counts beside the loop: added up over all loops, and given to `report`.
   *
   * @param isOver nothing more is counted: also what is of use only in a report
   */
  readCounts?(isOver: boolean): Readonly<Record<string, number>>;
}

/** What a report's own section is made of. */
export interface ProtocolResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly latencies: Latencies;
  readonly answered: number;
  /** Answers a second over the sending phase. */
  readonly perSecond: number;
  /** Percentiles wanted beside the usual ones. */
  readonly percentiles: readonly number[];
}

/** What is spoken. Pace, time, connections and counting are the same for every protocol; a new one is a new value of this type. */
export interface Protocol<Plan extends LoadPlan> {
  /**
   * Prepares what takes its time, once on each event loop.
   *
   * @returns given to `onLoop`
   */
  prepare?(plan: Plan, slice: Slice): Promise<unknown>;
  /** @throws {TenkError} `usage` when a message cannot be read */
  onLoop(plan: Plan, slice: Slice, prepared?: unknown): LoopProtocol;
  /** URL of the program of a load worker: a file that calls `serveLoadWorker` with this protocol. */
  readonly workerProgram: string;
  /** Reads what a tenk instance as the target has counted of it. */
  readonly target?: TargetReader;
  /** Makes its own section of the report. */
  report?(plan: Plan, result: ProtocolResult): ProtocolReport;
  /** Called with the report once the run is over, on the thread that began it. */
  finished?(plan: Plan, report: Report): Promise<void>;
  /** Makes its own section of a snapshot. @param counts as `readCounts` of all loops */
  progress?(plan: Plan, counts: Readonly<Record<string, number>>): ProtocolProgress;
}
