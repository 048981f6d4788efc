import type { Connection, Handler } from "../../net/mod.ts";
import { lengthPrefixed } from "../../wire/mod.ts";
import { type Asker, type Chain, MISS, NO_ANSWER } from "../chain/mod.ts";
import { Transport } from "../log/mod.ts";
import { clientIp } from "./client-ip.ts";

/** Over TCP each message follows its length (RFC 1035 §4.2.2). */
const LENGTH_BYTES = 2;
const MAX_MESSAGE_BYTES = 65_535;

export interface TcpListenerOptions {
  /** Returns the chain as it is configured now. */
  readonly chain: () => Chain;
  /** Called for a query that could not be answered from memory. Its bytes are borrowed; `reply` may be called once, at any time. */
  readonly missed: (bytes: Uint8Array, asker: Asker, reply: (answer: Uint8Array, length: number) => void) => void;
  /** Called for a query whose stored answer should be refreshed. Its bytes are borrowed. */
  readonly aged: (bytes: Uint8Array) => void;
  /** Unanswered queries of one connection at which it is no longer read. @default {64} */
  readonly maxPending?: number;
  /** Queries after which a connection is closed. @default {10_000} */
  readonly maxQueries?: number;
  /** A whole query must come so long after the connection opened, and after the one before. @default {10_000} */
  readonly idleMs?: number;
}

/** State of a connection. */
interface Client {
  readonly ip: Uint8Array;
  queries: number;
  pending: number;
}

/**
 * Answers queries by TCP and, where the listener has TLS, DNS over TLS (RFC 7766, RFC 7858): many queries on one connection,
 * each answered as soon as possible, in any order. A client is closed that sends anything but queries, that is silent, or that sends
 * so slowly that no query is complete in time.
 */
export function tcpListener({
  chain: chainNow,
  missed,
  aged,
  maxPending = 64,
  maxQueries = 10_000,
  idleMs = 10_000,
}: TcpListenerOptions): Handler<Client> {
  const asker = { ip: new Uint8Array(16), isDatagram: false, transport: Transport.tcp as Transport, nowMs: 0 };
  const out = new Uint8Array(LENGTH_BYTES + MAX_MESSAGE_BYTES);

  function write(connection: Connection<Client>, length: number): void {
    out[0] = length >> 8;
    out[1] = length;
    connection.write(out.subarray(0, LENGTH_BYTES + length));
  }

  function wait(connection: Connection<Client>, bytes: Uint8Array): void {
    const client = connection.data;
    client.pending += 1;
    if (client.pending === maxPending) connection.pause();
    missed(bytes, { ...asker, ip: client.ip }, (answer, length) => {
      client.pending -= 1;
      if (client.pending === maxPending - 1) connection.resume();
      out.set(answer.subarray(0, length), LENGTH_BYTES);
      write(connection, length);
      endIfDone(connection);
    });
  }

  function endIfDone(connection: Connection<Client>): void {
    const { queries, pending } = connection.data;
    if (queries >= maxQueries && pending === 0) connection.end();
  }

  return {
    framing: lengthPrefixed({ lengthBytes: LENGTH_BYTES, maxBytes: MAX_MESSAGE_BYTES }),
    open(connection) {
      connection.data = { ip: clientIp(connection.remoteAddress), queries: 0, pending: 0 };
      connection.deadline(idleMs);
    },
    frame(connection, bytes) {
      const client = connection.data;
      if (client.queries >= maxQueries) return;
      client.queries += 1;
      connection.deadline(idleMs);
      asker.ip.set(client.ip);
      asker.transport = connection.tls === undefined ? Transport.tcp : Transport.tls;
      asker.nowMs = Date.now();
      const chain = chainNow();
      const length = chain.answer(bytes, 0, bytes.length, out, LENGTH_BYTES, MAX_MESSAGE_BYTES, asker);
      if (length === MISS) wait(connection, bytes);
      // A message that gets no answer is not a query: whatever sends it does not speak DNS.
      else if (length === NO_ANSWER) connection.close();
      else {
        write(connection, length);
        if (chain.wantsRefresh) aged(bytes);
        endIfDone(connection);
      }
    },
    end: (connection) => connection.end(),
    expired(connection) {
      if (connection.data.pending > 0) connection.deadline(idleMs);
      else connection.close("idle");
    },
  };
}
