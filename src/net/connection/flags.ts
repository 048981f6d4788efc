/** The state of a connection as bits of one number: a field for each would cost memory in every connection. */
export const PAUSED_BY_HANDLER = 1;
export const PAUSED_BY_WRITE_QUEUE = 2;
export const ENDED = 4; // end() was called: no more writes
export const FIN_SENT = 8;
export const PEER_FINISHED = 16;
export const CLOSED = 32;
export const HEARD = 64; // the first byte came
export const CUTTING = 128; // the handler is being given frames
export const UPGRADING = 256; // a TLS handshake is under way: nothing may be written, and bytes in the clear are not trusted
export const SECURE = 512;
export const READS_WHILE_FULL = 1024; // the handler gets what comes, however much waits to go out
export const FIN_WAITS = 2048; // the peer finished while nothing was read: reported when reading goes on
export const PAUSED_BY_BANDWIDTH = 4096; // it has read as much as it may; bytes that were read still go to the handler
export const FIN_TAKEN = 8192; // the peer's kernel has our FIN and everything before it
export const END_WAITS = 16_384; // it ends when the handler has sent what it is sending
export const CLOSES_WHEN_SENT = 32_768; // no longer half-open: it waits for the peer's FIN for a moment only
export const FINISHING = 65_536; // finish() was called: the handler gets only `expired` and `close`
export const RESET_SEEN = 131_072; // a write showed that the peer has reset: what it sent before is still read, paused or not
export const PAUSED = PAUSED_BY_HANDLER | PAUSED_BY_WRITE_QUEUE | PAUSED_BY_BANDWIDTH;

/** Returns whether the handler gets nothing now. */
export function isHeld(flags: number): boolean {
  if ((flags & RESET_SEEN) !== 0) return false;
  return (
    (flags & PAUSED_BY_HANDLER) !== 0 || (flags & (PAUSED_BY_WRITE_QUEUE | READS_WHILE_FULL)) === PAUSED_BY_WRITE_QUEUE
  );
}

/** Returns whether nothing is read from the socket now. */
export function isPaused(flags: number): boolean {
  return (flags & (PAUSED_BY_BANDWIDTH | RESET_SEEN)) === PAUSED_BY_BANDWIDTH || isHeld(flags);
}
