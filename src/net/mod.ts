/** Floor 2: sockets. The public TCP library: `import { listen, connect } from "tenk"`. */
export { CLOSE_REASONS, type CloseReason, REFUSAL_REASONS, type RefusalReason } from "./reasons.ts";
export type { Connection, ConnectOptions, Handler, Limits, ListenOptions, SocketOptions } from "./types.ts";
