/** Floor 2: sockets. The public TCP library: `import { listen, connect } from "tenk"`. */
export { connect } from "./connect.ts";
export type { ListenerCounts } from "./counts.ts";
export { descriptors } from "./descriptors.ts";
export { Dialer, type DialOverrides } from "./dialer.ts";
export { CLOSE_REASONS, type CloseReason, REFUSAL_REASONS, type RefusalReason } from "./reasons.ts";
export { listen, type Server } from "./server.ts";
export type { Connection, ConnectOptions, Handler, Limits, ListenOptions, SocketOptions } from "./types.ts";
