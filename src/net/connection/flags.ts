/** The facts of a connection: one number of bits instead of a field each, as there are ten thousand connections. */
export const PAUSED_BY_HANDLER = 1;
export const PAUSED_BY_OUTBOX = 2;
export const ENDED = 4; // end() was called: no more writes
export const FIN_SENT = 8;
export const PEER_FINISHED = 16;
export const CLOSED = 32;
export const HEARD = 64; // the first byte came
export const CUTTING = 128; // the handler is being given frames
export const UPGRADING = 256; // between the clear and TLS: nothing may be written, and nothing that comes may be believed
export const SECURE = 512;
export const READS_WHILE_FULL = 1024; // the handler wants to be told what comes, however much waits to go out
export const FIN_WAITS = 2048; // the peer finished while nothing was read: told when reading goes on
export const PAUSED_BY_BANDWIDTH = 4096; // it read as much as it may; what is read already is still given to the handler
export const FIN_TAKEN = 8192; // the peer's kernel has our FIN, and all before it
export const END_WAITS = 16_384; // to be ended when the handler has sent what it is at
export const CLOSES_WHEN_SENT = 32_768; // half-open no more: the peer's FIN is awaited for a moment only
export const PAUSED = PAUSED_BY_HANDLER | PAUSED_BY_OUTBOX | PAUSED_BY_BANDWIDTH;

/** Whether the handler is given nothing now. */
export function isHeld(flags: number): boolean {
  return (flags & PAUSED_BY_HANDLER) !== 0 || (flags & (PAUSED_BY_OUTBOX | READS_WHILE_FULL)) === PAUSED_BY_OUTBOX;
}

/** Whether nothing is read from the socket now. */
export function isPaused(flags: number): boolean {
  return (flags & PAUSED_BY_BANDWIDTH) !== 0 || isHeld(flags);
}
