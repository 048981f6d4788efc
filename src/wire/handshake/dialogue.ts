import { HeadBuffer } from "../head-buffer.ts";
import { printable } from "../printable.ts";
import { HANDSHAKE_REASONS, type HandshakeFacts, type HandshakeOutcome, type HandshakeReason } from "./outcome.ts";

/** The next step after a chunk from the service. */
export type HandshakeStep =
  | { readonly state: "incomplete" }
  | { readonly state: "send"; readonly bytes: Uint8Array }
  /** Send `bytes` in the clear, then begin TLS, and send `secured` under it. */
  | { readonly state: "tls"; readonly bytes: Uint8Array; readonly secured: Uint8Array }
  /** Over: send `farewell`, which keeps the service's log clean, then FIN. */
  | { readonly state: "done"; readonly outcome: HandshakeOutcome; readonly farewell: Uint8Array };

/**
 * The client's side of a handshake, without I/O: send `hello` (empty where the service speaks first), pass each chunk to
 * `receive`, take the returned step, and stop at `done`. Never throws on what a service sends. The caller must set a timeout.
 */
export interface Handshake {
  readonly hello: Uint8Array;
  receive(chunk: Uint8Array): HandshakeStep;
  /** Returns the outcome where the service closed the connection before there was one. */
  ended(): HandshakeOutcome;
}

/**
 * Reads all bytes that no reader before it has used. Returns undefined while it needs more of them; `next`, which reads behind the
 * `used` bytes (at least one), after `send` where there is something to send; or the end.
 */
export type Reader = (bytes: Uint8Array) => Turn | End | undefined;

export interface Turn {
  readonly used: number;
  readonly next: Reader;
  readonly send?: Uint8Array;
  /** Begin TLS after `send`; then these bytes are sent. */
  readonly secured?: Uint8Array;
}

export interface End {
  readonly outcome: HandshakeOutcome;
  readonly farewell: Uint8Array;
}

export const NOTHING: Uint8Array = new Uint8Array(0);
export const DEFAULT_MAX_REPLY_BYTES = 65_536;
const INCOMPLETE = { state: "incomplete" } as const;

export function up(facts: HandshakeFacts = {}, farewell: Uint8Array = NOTHING): End {
  return { outcome: { state: "up", reason: undefined, facts }, farewell };
}

/** Returns an end that is not `up`, with the service's own words where it has some. */
export function ends(reason: HandshakeReason, facts: HandshakeFacts = {}, detail?: string, farewell = NOTHING): End {
  return { outcome: outcomeOf(reason, facts, detail), farewell };
}

function outcomeOf(reason: HandshakeReason, facts: HandshakeFacts = {}, detail = ""): HandshakeOutcome {
  const state = HANDSHAKE_REASONS[reason];
  return detail === "" ? { state, reason, facts } : { state, reason, facts, detail: printable(detail) };
}

/** Makes a handshake of its first bytes and the reader of the first answer. */
export function dialogue(hello: Uint8Array, first: Reader, maxBytes = DEFAULT_MAX_REPLY_BYTES): Handshake {
  const buffer = new HeadBuffer();
  let reader = first;
  let received = 0;
  let done: HandshakeStep | undefined;
  function receive(chunk: Uint8Array): HandshakeStep {
    if (done !== undefined) return done;
    received += chunk.length;
    if (received > maxBytes) return end(ends("too-long"));
    let bytes = buffer.add(chunk);
    let send = NOTHING;
    while (bytes.length > 0) {
      const turn = reader(bytes);
      if (turn === undefined) break;
      if ("outcome" in turn) return end(turn);
      reader = turn.next;
      bytes = bytes.subarray(turn.used);
      if (turn.send !== undefined) send = joined(send, turn.send);
      if (turn.secured === undefined) continue;
      // They could be anybody's, and would be taken for bytes that came under TLS (CVE-2021-23222).
      if (bytes.length > 0) return end(ends("wrong-protocol", {}, "bytes in the clear where TLS begins"));
      buffer.keep(bytes);
      return { state: "tls", bytes: send, secured: turn.secured };
    }
    buffer.keep(bytes);
    return send.length > 0 ? { state: "send", bytes: send } : INCOMPLETE;
  }
  function end({ outcome, farewell }: End): HandshakeStep {
    done = { state: "done", outcome, farewell };
    return done;
  }
  return { hello, receive, ended: () => outcomeOf(received > 0 ? "incomplete" : "closed") };
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const filled = parts.filter((part) => part.length > 0);
  return filled.length === 1 ? filled[0]! : new Uint8Array(Buffer.concat(filled));
}
