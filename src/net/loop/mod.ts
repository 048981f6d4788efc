/** One event loop's share of a listener: accepts, decides who may stay, keeps its connections, changes and answers. */
export { SKETCH_BYTES } from "./address-sketch.ts";
export { answer, receive } from "./answer.ts";
export { LoopListener } from "./listener.ts";
export { sayStopped } from "./past-handlers.ts";
