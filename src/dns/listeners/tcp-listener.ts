import type { Connection, Handler } from "../../net/mod.ts";
import { lengthPrefixed, parseIp } from "../../wire/mod.ts";
import { type Asker, type Chain, MISS, NO_ANSWER } from "../chain/mod.ts";

/** Of a message by TCP: its length stands before it (RFC 1035 §4.2.2). */
const LENGTH_BYTES = 2;
const MAX_MESSAGE_BYTES = 65_535;

export interface TcpListenerOptions {
  readonly chain: Chain;
  /** A query that memory did not answer. Its bytes are borrowed, `reply` may be called once, at any time. */
  readonly missed: (bytes: Uint8Array, asker: Asker, reply: (answer: Uint8Array, length: number) => void) => void;
  /** The answer to a query should be asked for anew. Its bytes are borrowed. */
  readonly aged: (bytes: Uint8Array) => void;
  /** Queries of one connection that may await their answers: beyond, it is not read. @default {64} */
  readonly maxPending?: number;
  /** Queries that one connection may send in all; then it is ended. @default {10_000} */
  readonly maxQueries?: number;
}

/** What is kept of a connection. */
interface Client {
  readonly ip: Uint8Array;
  queries: number;
  pending: number;
}

/**
 * Answers queries by TCP and, where the listener has TLS, DNS over TLS (RFC 7766, RFC 7858): any number on one connection, each answer as soon
 * as there is one, in whatever order. Slow and silent clients are the listener's to end (`firstByteMs`, `idleMs`).
 */
export function tcpListener({
  chain,
  missed,
  aged,
  maxPending = 64,
  maxQueries = 10_000,
}: TcpListenerOptions): Handler<Client> {
  const asker = { ip: new Uint8Array(16), isDatagram: false, nowMs: 0 };
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
      connection.data = { ip: mapped(connection.remoteAddress), queries: 0, pending: 0 };
    },
    frame(connection, bytes) {
      const client = connection.data;
      if (client.queries >= maxQueries) return;
      client.queries += 1;
      asker.ip.set(client.ip);
      asker.nowMs = Date.now();
      const length = chain.answer(bytes, 0, bytes.length, out, LENGTH_BYTES, MAX_MESSAGE_BYTES, asker);
      if (length === MISS) wait(connection, bytes);
      // What gets no answer is no query: such a connection has nothing to say.
      else if (length === NO_ANSWER) connection.close();
      else {
        write(connection, length);
        if (chain.wantsRefresh) aged(bytes);
        endIfDone(connection);
      }
    },
    end: (connection) => connection.end(),
  };
}

/** Sixteen bytes, IPv4 as `::ffff:a.b.c.d`. */
function mapped(address: string): Uint8Array {
  const bytes = parseIp(address.split("%")[0] ?? "") ?? new Uint8Array(16);
  return bytes.length === 16 ? bytes : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
}
