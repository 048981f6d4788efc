/** One connection, from its first byte to its one end: what it reads, sends, waits for and is closed by. Opens nothing. */
export { TcpConnection } from "./connection.ts";
export type { ConnectionContext } from "./context.ts";
export { Deadlines } from "./deadlines.ts";
export { PLAIN, SECURED } from "./origin.ts";
export { type ConnectionTap, tapConnection } from "./tap.ts";
