/** One event loop's share of a listener: accepts, decides who may stay, keeps its connections, changes and handles requests. */
export { SKETCH_BYTES } from "./address-sketch.ts";
export { handle, receive } from "./handle.ts";
export { LoopListener } from "./listener.ts";
export type { LoopSockets } from "./listening-sockets.ts";
export { callStopped } from "./retired-handlers.ts";
