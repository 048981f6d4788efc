import { type CloseReason, type Connection, Dialer } from "../../net/mod.ts";
import { Flag, RCODE_MASK, readUint16, writeUint16 } from "../../wire/dns/mod.ts";
import { closeCause } from "../http/mod.ts";
import { connectCause, type Slice } from "../loop/mod.ts";
import { dialOptions } from "./dial-options.ts";
import type { DnsPlan } from "./plan.ts";
import type { DnsShared, QueryTracker, Retry } from "./query-tracker.ts";
import { MESSAGES } from "./stream-transport.ts";

/** A query whose answer by UDP was truncated. */
interface Retried {
  readonly tracker: QueryTracker;
  readonly id: number;
}

/** One connection, and the queries on it by their IDs there. */
interface Link {
  readonly pending: Map<number, Retried>;
  socket: Connection<Link> | undefined;
  nextId: number;
  reachedMs: number;
}

/**
 * Returns what asks again over TCP (RFC 1035 §4.2.1, RFC 7766 §5), as a resolver does: on one connection of the event loop, which is
 * opened when it is needed. A query is answered when that answer has come.
 */
export function tcpRetry(plan: DnsPlan, slice: Slice, { counts, source }: DnsShared): Retry {
  const dialer = new Dialer<Link>(dialOptions({ ...plan, mode: "tcp" }, slice), {
    framing: MESSAGES,
    frame: (socket, bytes) => answered(socket.data, bytes),
    end: (socket) => socket.close("peer"),
    close: (socket, reason: CloseReason, cause) => gone(socket.data, closeCause(reason, cause)),
  });
  const out = new Uint8Array(2 + source.maxLengthBytes);
  let link: Link | undefined;

  function open(): Link {
    const opened: Link = { pending: new Map(), socket: undefined, nextId: 1, reachedMs: 0 };
    dialer.connect({ data: opened }).then(
      (socket) => {
        opened.socket = socket;
        for (const [id, retried] of opened.pending) send(socket, id, retried);
      },
      (error: unknown) => gone(opened, connectCause(error)),
    );
    return opened;
  }

  function send(socket: Connection<Link>, id: number, { tracker, id: ofQuery }: Retried): void {
    const length = tracker.writeAgain(ofQuery, out, 2);
    writeUint16(out, 0, length);
    writeUint16(out, 2, id);
    socket.write(out.subarray(0, 2 + length));
  }

  function answered({ pending }: Link, bytes: Uint8Array): void {
    if (bytes.length < 12) return;
    const id = readUint16(bytes, 0);
    const flags = readUint16(bytes, 2);
    const retried = pending.get(id);
    if (retried === undefined || (flags & Flag.response) === 0) return;
    pending.delete(id);
    const { tracker, id: ofQuery } = retried;
    // It may have expired meanwhile.
    if (!tracker.isAwaited(ofQuery)) return;
    if (tracker.isAnswerTo(ofQuery, flags, bytes, 0, bytes.length)) tracker.finish(ofQuery, flags & RCODE_MASK);
    else {
      counts.mismatched += 1;
      tracker.fail(ofQuery, "TCP: another question");
    }
  }

  function gone(of: Link, cause: string): void {
    if (link === of) link = undefined;
    for (const { tracker, id } of of.pending.values()) if (tracker.isAwaited(id)) tracker.fail(id, `TCP: ${cause}`);
    of.pending.clear();
  }

  return (tracker, ofQuery) => {
    counts.retried += 1;
    link ??= open();
    while (link.pending.has(link.nextId)) link.nextId = (link.nextId + 1) & 0xffff;
    const id = link.nextId;
    link.nextId = (id + 1) & 0xffff;
    const retried = { tracker, id: ofQuery };
    link.pending.set(id, retried);
    if (link.socket !== undefined) send(link.socket, id, retried);
  };
}
