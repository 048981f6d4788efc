import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { connect } from "../../net/mod.ts";
import { responseMismatch } from "../../wire/dns/mod.ts";

/** A query as it is sent, and where its question ends. */
export interface DnsQuery {
  readonly bytes: Uint8Array;
  readonly questionEnd: number;
}

export interface DnsDialogue {
  readonly address: string;
  readonly port: number;
  readonly query: DnsQuery;
  /** By `performance.now()`. */
  readonly untilMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A query that gets no answer is sent again after this time: datagrams are lost. */
const AGAIN_MS = 1000;
const LENGTH_BYTES = 2;

/** Returns whether bytes answer the query: its ID and its question, letter by letter. */
function isAnswer({ bytes, questionEnd }: DnsQuery, answer: Uint8Array): boolean {
  return responseMismatch(bytes, 0, questionEnd, answer, 0, answer.length) === undefined;
}

/**
 * Asks by UDP, from a port of its own. Datagrams of others and answers to other questions are ignored.
 *
 * @returns undefined where nothing came in time
 * @throws the system's error, `ECONNREFUSED` where nobody listens
 */
export function askByUdp({ address, port, query, untilMs, signal }: DnsDialogue): Promise<Uint8Array | undefined> {
  const socket: Socket = createSocket(isIPv6(address.replace(/%.*/, "")) ? "udp6" : "udp4");
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  const giveUp = () => resolve(undefined);
  const timer = setTimeout(giveUp, Math.max(1, untilMs - performance.now()));
  const again = setInterval(() => send(), AGAIN_MS);
  const send = () => socket.send(query.bytes, (error) => error && reject(error));
  signal?.addEventListener("abort", giveUp, { once: true });
  socket.on("message", (bytes) => {
    if (isAnswer(query, bytes)) resolve(new Uint8Array(bytes));
  });
  socket.on("error", reject);
  // A connected socket takes datagrams of the server alone, and is told when nobody listens there.
  socket.connect(port, address, send);
  return promise.finally(() => {
    clearTimeout(timer);
    clearInterval(again);
    signal?.removeEventListener("abort", giveUp);
    socket.close();
  });
}

/**
 * Asks by TCP (RFC 7766).
 *
 * @returns undefined where no whole answer came before the connection ended
 * @throws {TenkError} why it does not connect
 */
export async function askByTcp(dialogue: DnsDialogue): Promise<Uint8Array | undefined> {
  const { address, port, query, untilMs, signal } = dialogue;
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  const received = new Uint8Array(LENGTH_BYTES + 0xffff);
  let length = 0;
  const timeoutMs = Math.max(1, untilMs - performance.now());
  const connection = await connect(
    { host: address, port, timeoutMs, ...(signal && { signal }) },
    {
      open(opened) {
        const head = Uint8Array.of(query.bytes.length >> 8, query.bytes.length & 255);
        opened.write(new Uint8Array([...head, ...query.bytes]));
        opened.deadline(Math.max(1, untilMs - performance.now()));
      },
      chunk(_, bytes) {
        const part = bytes.subarray(0, received.length - length);
        received.set(part, length);
        length += part.length;
        const wanted = LENGTH_BYTES + received[0]! * 256 + received[1]!;
        if (length < LENGTH_BYTES || length < wanted) return;
        const answer = received.subarray(LENGTH_BYTES, wanted);
        resolve(isAnswer(query, answer) ? answer : undefined);
      },
      expired: () => resolve(undefined),
      end: () => resolve(undefined),
      close: () => resolve(undefined),
    },
  );
  const giveUp = () => resolve(undefined);
  signal?.addEventListener("abort", giveUp, { once: true });
  const answer = await promise;
  signal?.removeEventListener("abort", giveUp);
  connection.close();
  return answer;
}
