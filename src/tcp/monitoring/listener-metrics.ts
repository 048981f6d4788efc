import { type Metric, oncePerTurn, type Report } from "../../metrics/mod.ts";
import type { ListenerCounts, WorkerCounts } from "../../net/mod.ts";

export interface CountedListener {
  readonly name: string;
  readonly counts: ListenerCounts;
  /** The share of each of its workers, where it has several. @default {none} */
  readonly workerCounts?: readonly WorkerCounts[];
}

type Listeners = () => readonly CountedListener[];

/** Readers of what listeners count; the listeners are asked once for all of them. */
export function tcpMetrics(read: Listeners): Metric[] {
  const listeners = oncePerTurn(read);
  return [...listenerMetrics(listeners), ...workerMetrics(listeners)];
}

function listenerMetrics(listeners: Listeners): Metric[] {
  const each = (
    type: Metric["type"],
    name: string,
    help: string,
    pick: (counts: ListenerCounts) => number,
  ): Metric => ({
    type,
    name: `tenk_tcp_${name}`,
    help,
    labels: ["listener"],
    read(report) {
      for (const { name: listener, counts } of listeners()) report(pick(counts), { listener });
    },
  });
  const byReason = (name: string, help: string, pick: (counts: ListenerCounts) => Record<string, number>): Metric => ({
    type: "counter",
    name: `tenk_tcp_${name}`,
    help,
    labels: ["listener", "reason"],
    read(report) {
      for (const { name: listener, counts } of listeners()) reportByReason(report, listener, pick(counts));
    },
  });
  return [
    each("gauge", "connections_active", "Connections open now.", (counts) => counts.active),
    each("gauge", "connections_peak", "The most connections that were open at one time.", (counts) => counts.peak),
    each("counter", "connections_accepted_total", "Connections accepted.", (counts) => counts.accepted),
    byReason(
      "connections_rejected_total",
      "Connections that a limit rejected before the handler saw them.",
      (counts) => counts.rejected,
    ),
    byReason("connections_closed_total", "Connections that ended.", (counts) => counts.closed),
    each("counter", "bytes_read_total", "Bytes read from sockets.", (counts) => counts.bytesRead),
    each("counter", "bytes_written_total", "Bytes written to sockets.", (counts) => counts.bytesWritten),
    each("counter", "reads_total", "Reads that brought bytes.", (counts) => counts.reads),
    each(
      "counter",
      "frames_read_total",
      "Frames given to handlers that have a framing.",
      (counts) => counts.framesRead,
    ),
    each(
      "counter",
      "writes_total",
      "Writes that accepted bytes, at once or into the write queue.",
      (counts) => counts.writes,
    ),
    each(
      "gauge",
      "write_queue_bytes",
      "Bytes in write queues, which peers have not taken yet.",
      (counts) => counts.writeQueueBytes,
    ),
    each(
      "counter",
      "drains_total",
      "Write queues that fell below their low water mark again.",
      (counts) => counts.drains,
    ),
    each(
      "counter",
      "handler_errors_total",
      "Exceptions and rejected promises of handlers.",
      (counts) => counts.handlerErrors,
    ),
    each(
      "gauge",
      "handshakes_in_progress",
      "Connections whose PROXY header or TLS handshake is not complete.",
      (counts) => counts.pending,
    ),
    each("counter", "tls_handshakes_total", "TLS handshakes that succeeded.", (counts) => counts.handshakes),
    each("gauge", "subscriptions", "Subscriptions to topics now.", (counts) => counts.subscriptions),
    each("counter", "published_total", "Published messages handed to connections.", (counts) => counts.published),
    each(
      "counter",
      "published_dropped_total",
      "Published messages lost because their connection took them too slowly.",
      (counts) => counts.publishedDropped,
    ),
    each(
      "counter",
      "worker_restarts_total",
      "Workers that crashed and were started again.",
      (counts) => counts.workerRestarts,
    ),
  ];
}

/**
 * The share of each worker, under names of its own: a label more on the listener's names would make every sum over them
 * count twice. Read from shared memory, so that a blocked worker is included.
 */
function workerMetrics(listeners: Listeners): Metric[] {
  const each = (type: Metric["type"], name: string, help: string, pick: (counts: WorkerCounts) => number): Metric => ({
    type,
    name: `tenk_worker_${name}`,
    help,
    labels: ["listener", "worker"],
    read(report) {
      for (const { name: listener, workerCounts = [] } of listeners()) {
        for (const [worker, counts] of workerCounts.entries())
          report(pick(counts), { listener, worker: String(worker) });
      }
    },
  });
  return [
    each("gauge", "connections_active", "Connections of a worker open now.", (counts) => counts.active),
    each("counter", "bytes_read_total", "Bytes a worker read from sockets.", (counts) => counts.bytesRead),
    each("counter", "bytes_written_total", "Bytes a worker wrote to sockets.", (counts) => counts.bytesWritten),
    each("counter", "reads_total", "Reads of a worker that brought bytes.", (counts) => counts.reads),
    each("gauge", "write_queue_bytes", "Bytes in the write queues of a worker.", (counts) => counts.writeQueueBytes),
  ];
}

function reportByReason(report: Report, listener: string, counts: Record<string, number>): void {
  for (const [reason, value] of Object.entries(counts)) report(value, { listener, reason });
}
