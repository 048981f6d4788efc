import type { TcpConnection } from "../connection/mod.ts";
import {
  type ConnectionInfo,
  type ConnectionPage,
  type ConnectionQuery,
  pageOfConnections,
} from "../connection-page.ts";
import { Count } from "../counts.ts";
import { tcpInfo } from "../ffi.ts";
import { type LoopMessage, provided, type Question } from "../questions.ts";
import type { LoopListener } from "./listener.ts";

/** One event loop's answer to a question of its server. @throws {TenkError} what was asked for cannot be */
export async function answer(listener: LoopListener<unknown>, question: Question): Promise<unknown> {
  switch (question.what) {
    case "connections":
      return listener.connections().slice(0, question.most).map(infoOf);
    case "find":
      return findConnections(listener, question.query);
    case "close":
      return closeConnection(listener, question.id);
    case "reports":
      return listener.handler.report?.();
    case "provided":
      return provided(question.name);
    case "prepare":
      return listener.changes.prepare(question.id, question.change);
    case "commit":
      return listener.changes.commit(question.id);
    case "drop":
      return listener.changes.drop(question.id);
  }
}

/** Does what one event loop's server tells it. */
export function receive(listener: LoopListener<unknown>, message: LoopMessage): void {
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
