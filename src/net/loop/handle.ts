import type { TcpConnection } from "../connection/mod.ts";
import {
  type ConnectionInfo,
  type ConnectionPage,
  type ConnectionQuery,
  pageOfConnections,
} from "../connection-page.ts";
import { Count } from "../counts.ts";
import { registered, type WorkerMessage, type WorkerRequest } from "../requests.ts";
import { tcpInfo } from "../tcp-info.ts";
import type { LoopListener } from "./listener.ts";

/** Handles a request of the listener's server on one event loop. @throws {TenkError} why it cannot be done */
export async function handle(listener: LoopListener<unknown>, request: WorkerRequest): Promise<unknown> {
  switch (request.what) {
    case "connections":
      return listener.connections().slice(0, request.most).map(infoOf);
    case "find":
      return findConnections(listener, request.query);
    case "close":
      return closeConnection(listener, request.id);
    case "pause":
      return listener.pauseAccepting();
    case "resume":
      return listener.resumeAccepting();
    case "handed-on":
      return listener.handedOn();
    case "reports":
      return listener.handler.report?.();
    case "registered":
      return registered(request.name);
    case "prepare":
      return listener.changes.prepare(request.id, request.change);
    case "commit":
      return listener.changes.commit(request.id);
    case "drop":
      return listener.changes.drop(request.id);
  }
}

/** Handles a message of the listener's server on one event loop. */
export function receive(listener: LoopListener<unknown>, message: WorkerMessage): void {
  if (message.kind === "limits") {
    listener.update(message.limits);
    return;
  }
  listener.counts[Count.relayedBytes]! += message.message.length;
  listener.publishHere(message.topic, message.message);
}

function closeConnection(listener: LoopListener<unknown>, id: number): boolean {
  const connection = listener.connections().find((each) => each.id === id);
  connection?.close();
  return connection !== undefined;
}

function findConnections(listener: LoopListener<unknown>, query: ConnectionQuery): ConnectionPage {
  const page = pageOfConnections(listener.connections(), query);
  return { ...page, rows: page.rows.map(infoOf) };
}

function infoOf(connection: TcpConnection<unknown>): ConnectionInfo {
  return {
    id: connection.id,
    worker: connection.id % 256,
    remoteAddress: connection.remoteAddress,
    remotePort: connection.remotePort,
    wireAddress: connection.wireAddress,
    ageMs: connection.ageMs,
    idleMs: connection.idleMs,
    bytesRead: connection.bytesRead,
    bytesWritten: connection.bytesWritten,
    queuedBytes: connection.queuedBytes,
    rttMs: tcpInfo(connection.descriptor)?.rttMs,
    tls: connection.tls?.version,
  };
}
